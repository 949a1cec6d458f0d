//! The words of logs that were not written in English, and the verbs by which what was done is known from its values.
//!
//! Owns: these words (German, French, Spanish, Portuguese, Dutch, Italian, Swedish, Japanese, Chinese, Korean). Never
//! touches: what a column is for; a word of another language counts as its English sister does.

use super::column::{Column, words};

pub(super) const TIMES: &[&str] = &[
    "zeitpunkt",
    "zeit",
    "datum",
    "zeitstempel",
    "uhrzeit",
    "datumuhrzeit",
    "horodatage",
    "dateheure",
    "heure",
    "fecha",
    "fechahora",
    "fechayhora",
    "hora",
    "marcadetiempo",
    "datahora",
    "dataehora",
    "data",
    "tijdstip",
    "tijd",
    "dataora",
    "dataeora",
    "tidpunkt",
    "tidsstämpel",
    "日時",
    "時刻",
    "タイムスタンプ",
    "时间",
    "操作时间",
    "日期",
    "时间戳",
    "시간",
    "일시",
];
pub(super) const ACTORS: &[&str] = &[
    "benutzer",
    "benutzername",
    "nutzer",
    "anwender",
    "mitarbeiter",
    "bearbeiter",
    "ausgeführtvon",
    "durchgeführtvon",
    "utilisateur",
    "auteur",
    "effectuépar",
    "usuario",
    "realizadopor",
    "usuário",
    "autor",
    "gebruiker",
    "utente",
    "operatore",
    "användare",
    "ユーザー",
    "ユーザ",
    "ユーザー名",
    "操作者",
    "实行者",
    "用户",
    "用户名",
    "操作人",
    "사용자",
];
pub(super) const ACTIONS: &[&str] = &[
    "aktion",
    "vorgang",
    "ereignis",
    "tätigkeit",
    "aktivität",
    "évènement",
    "événement",
    "opération",
    "activité",
    "acción",
    "evento",
    "operación",
    "actividad",
    "ação",
    "operação",
    "atividade",
    "actie",
    "gebeurtenis",
    "activiteit",
    "azione",
    "operazione",
    "attività",
    "åtgärd",
    "händelse",
    "操作",
    "操作内容",
    "アクション",
    "イベント",
    "动作",
    "事件",
    "操作类型",
    "작업",
    "이벤트",
];
pub(super) const OBJECTS: &[&str] = &[
    "objekt",
    "ziel",
    "zielobjekt",
    "ressource",
    "datensatz",
    "objet",
    "cible",
    "objeto",
    "recurso",
    "destino",
    "alvo",
    "doel",
    "oggetto",
    "risorsa",
    "対象",
    "リソース",
    "对象",
    "资源",
    "操作对象",
    "대상",
];
pub(super) const OUTCOMES: &[&str] = &[
    "ergebnis",
    "resultat",
    "erfolg",
    "résultat",
    "statut",
    "resultado",
    "estado",
    "situação",
    "resultaat",
    "esito",
    "risultato",
    "結果",
    "ステータス",
    "结果",
    "状态",
    "결과",
    "상태",
];

/// Beginnings of verbs, in lower case, as they stand in what was done.
const STEMS: &[&str] = &[
    "login",
    "log in",
    "logged",
    "logon",
    "logout",
    "logoff",
    "sign",
    "creat",
    "add",
    "updat",
    "chang",
    "edit",
    "modif",
    "delet",
    "remov",
    "export",
    "download",
    "import",
    "upload",
    "view",
    "read",
    "list",
    "invit",
    "grant",
    "revok",
    "approv",
    "reject",
    "enabl",
    "disabl",
    "assign",
    "rotat",
    "reset",
    "start",
    "stop",
    "open",
    "access",
    "shar",
    "mov",
    "renam",
    "restor",
    "archiv",
    "lock",
    "unlock",
    "activat",
    "deactivat",
    "register",
    "cancel",
    "submit",
    "transfer",
    "anmeld",
    "abmeld",
    "gelöscht",
    "lösch",
    "erstell",
    "angelegt",
    "geänder",
    "änder",
    "hinzugef",
    "bearbeit",
    "entfern",
    "connexion",
    "déconnexion",
    "créa",
    "créé",
    "supprim",
    "suppress",
    "ajout",
    "inicio de sesi",
    "cierre de sesi",
    "creado",
    "creada",
    "creación",
    "elimin",
    "actualiza",
    "modific",
    "criad",
    "criaç",
    "alterad",
    "alteraç",
    "exclu",
    "ログイン",
    "ログアウト",
    "作成",
    "削除",
    "変更",
    "更新",
    "登录",
    "登出",
    "创建",
    "删除",
    "修改",
    "로그인",
    "생성",
    "삭제",
];

/// Whether the last key of a column is one of these names, or the two last together.
pub(super) fn is_one(column: &Column, names: &[&str]) -> bool {
    let (last, pair) = (column.last(), column.pair());
    names.iter().any(|name| *name == last || *name == pair)
}

/// Whether a value tells that something was done: one of its words begins with a verb.
pub(super) fn tells_deed(value: &str) -> bool {
    // `memberAdded` is two words.
    let lower = words(value).join(" ");
    STEMS.iter().any(|stem| {
        lower.match_indices(stem).any(|(at, _)| {
            // Scripts without blanks between words have no beginnings to look for.
            let before = lower[..at].chars().next_back();
            !stem.starts_with(|c: char| c.is_ascii() || c.is_lowercase())
                || before.is_none_or(|c| !c.is_alphanumeric())
        })
    })
}

/// Words that mean the same in every log.
pub(super) const VERBS: &str = r#"
[verbs]
"*login*fail*" = { category = "authentication", operation = "authenticate", outcome = "failure" }
"*fail*login*" = { category = "authentication", operation = "authenticate", outcome = "failure" }
"*login*" = { category = "authentication", operation = "authenticate" }
"*logged in*" = { category = "authentication", operation = "authenticate" }
"*signin*" = { category = "authentication", operation = "authenticate" }
"*sign-in*" = { category = "authentication", operation = "authenticate" }
"*sign in*" = { category = "authentication", operation = "authenticate" }
"*logout*" = { category = "session", operation = "logout" }
"*logged out*" = { category = "session", operation = "logout" }
"*sign out*" = { category = "session", operation = "logout" }
"*creat*" = { category = "other", operation = "create" }
"*add*" = { category = "other", operation = "create" }
"*updat*" = { category = "other", operation = "update" }
"*chang*" = { category = "other", operation = "update" }
"*edit*" = { category = "other", operation = "update" }
"*modif*" = { category = "other", operation = "update" }
"*delet*" = { category = "other", operation = "delete" }
"*remov*" = { category = "other", operation = "delete" }
"*export*" = { category = "data", operation = "export" }
"*download*" = { category = "data", operation = "export" }
"*import*" = { category = "data", operation = "import" }
"*upload*" = { category = "data", operation = "import" }
"*view*" = { category = "data", operation = "read" }
"*read*" = { category = "data", operation = "read" }
"*list*" = { category = "data", operation = "list" }
"*invit*" = { category = "iam", operation = "invite" }
"*grant*" = { category = "iam", operation = "grant" }
"*revok*" = { category = "iam", operation = "revoke" }
"*approv*" = { category = "other", operation = "approve" }
"*reject*" = { category = "other", operation = "reject" }
"*anmeld*" = { category = "authentication", operation = "authenticate" }
"*abmeld*" = { category = "session", operation = "logout" }
"*angelegt*" = { category = "other", operation = "create" }
"*erstellt*" = { category = "other", operation = "create" }
"*hinzugef*" = { category = "other", operation = "create" }
"*geändert*" = { category = "other", operation = "update" }
"*änderung*" = { category = "other", operation = "update" }
"*bearbeitet*" = { category = "other", operation = "update" }
"*aktualisiert*" = { category = "other", operation = "update" }
"*gelöscht*" = { category = "other", operation = "delete" }
"*löschung*" = { category = "other", operation = "delete" }
"*entfernt*" = { category = "other", operation = "delete" }
"*connexion*" = { category = "authentication", operation = "authenticate" }
"*déconnexion*" = { category = "session", operation = "logout" }
"*création*" = { category = "other", operation = "create" }
"*ajout*" = { category = "other", operation = "create" }
"*supprim*" = { category = "other", operation = "delete" }
"*suppression*" = { category = "other", operation = "delete" }
"*inicio de sesi*" = { category = "authentication", operation = "authenticate" }
"*cierre de sesi*" = { category = "session", operation = "logout" }
"*creado*" = { category = "other", operation = "create" }
"*creada*" = { category = "other", operation = "create" }
"*creación*" = { category = "other", operation = "create" }
"*actualiza*" = { category = "other", operation = "update" }
"*elimin*" = { category = "other", operation = "delete" }
"*criad*" = { category = "other", operation = "create" }
"*criação*" = { category = "other", operation = "create" }
"*alterad*" = { category = "other", operation = "update" }
"*alteração*" = { category = "other", operation = "update" }
"*excluíd*" = { category = "other", operation = "delete" }
"*exclusão*" = { category = "other", operation = "delete" }
"#;

#[cfg(test)]
mod tests {
    use super::tells_deed;

    #[test]
    fn deeds_are_known_by_the_beginning_of_a_word() {
        for value in [
            "User role changed",
            "rotated secret",
            "document.delete",
            "delete_user",
            "memberAdded",
            "Datei gelöscht",
            "ユーザー削除",
        ] {
            assert!(tells_deed(value), "{value}");
        }
        for value in ["secret", "Already", "sandbox", "Bob Smith", "invoice", ""] {
            assert!(!tells_deed(value), "{value}");
        }
    }
}
