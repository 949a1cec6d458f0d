//! The words of logs that were not written in English, and the verbs by which what was done is known from its values.
//!
//! Owns: these words (German, French, Spanish, Portuguese, Dutch, Italian, Swedish, Russian, Japanese,
//! Chinese, Korean). Never
//! touches: what a column is for; a word of another language counts as its English sister does.

use super::column::Column;
use crate::profile::words;

pub(super) const TIMES: &[&str] = &[
    "датаивремя",
    "дата",
    "время",
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
    "пользователь",
    "сотрудник",
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
    "действие",
    "событие",
    "операция",
    "acao",
    "accion",
    "operacao",
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
    "объект",
    "ресурс",
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
    "результат",
    "статус",
    "sucesso",
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

/// Whether a key around it is one of these names.
pub(super) fn is_in(column: &Column, names: &[&str]) -> bool {
    let to = column.words.len().saturating_sub(1);
    (column.words[..to].iter()).any(|key| names.contains(&key.concat().as_str()))
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

/// Whether the first or the last word of a value says how it ended.
pub(super) fn tells_ending(value: &str) -> bool {
    const ENDS: &[&str] = &["success", "succeed", "unsuccess", "fail", "denied"];
    let words = words(value);
    let ends = [words.first(), words.last()].into_iter().flatten();
    ends.into_iter()
        .any(|word| ENDS.iter().any(|end| word.starts_with(end)))
}

/// Words that mean the same in every log; `^` is where a word begins or ends.
pub(super) const VERBS: &str = r#"
[verbs]
"*^login*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logon*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log in*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged in*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log on*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged on*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signin*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^sign in*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signed in*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^authenticat*^fail*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^fail*^login*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^fail*^logon*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^fail*^log in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^fail*^signin*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^fail*^sign in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^fail*^authenticat*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^login*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logon*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log in*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged in*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log on*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged on*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signin*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^sign in*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signed in*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^authenticat*^den*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^den*^login*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^den*^logon*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^den*^log in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^den*^signin*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^den*^sign in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^den*^authenticat*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^login*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logon*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log in*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged in*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log on*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged on*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signin*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^sign in*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signed in*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^authenticat*^reject*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^reject*^login*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^reject*^logon*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^reject*^log in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^reject*^signin*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^reject*^sign in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^reject*^authenticat*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^login*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logon*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log in*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged in*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^log on*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^logged on*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signin*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^sign in*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^signed in*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^authenticat*^invalid*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^invalid*^login*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^invalid*^logon*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^invalid*^log in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^invalid*^signin*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^invalid*^sign in*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^invalid*^authenticat*" = { category = "authentication", operation = "authenticate", outcome = "failure", last = true }
"*^login*" = { category = "authentication", operation = "authenticate", last = true }
"*^logon*" = { category = "authentication", operation = "authenticate", last = true }
"*^log in^*" = { category = "authentication", operation = "authenticate", last = true }
"*^logged in^*" = { category = "authentication", operation = "authenticate", last = true }
"*^log on^*" = { category = "authentication", operation = "authenticate", last = true }
"*^logged on^*" = { category = "authentication", operation = "authenticate", last = true }
"*^signin*" = { category = "authentication", operation = "authenticate", last = true }
"*^sign in^*" = { category = "authentication", operation = "authenticate", last = true }
"*^signed in^*" = { category = "authentication", operation = "authenticate", last = true }
"*^authenticat*" = { category = "authentication", operation = "authenticate", last = true }
"*login^*" = { category = "authentication", operation = "authenticate", last = true }
"*logon^*" = { category = "authentication", operation = "authenticate", last = true }
"*anmeld*" = { category = "authentication", operation = "authenticate", last = true }
"*connexion*" = { category = "authentication", operation = "authenticate", last = true }
"*inicio de sesi*" = { category = "authentication", operation = "authenticate", last = true }
"*ログイン*" = { category = "authentication", operation = "authenticate", last = true }
"*サインイン*" = { category = "authentication", operation = "authenticate", last = true }
"*登录*" = { category = "authentication", operation = "authenticate", last = true }
"*로그인*" = { category = "authentication", operation = "authenticate", last = true }
"*angemeldet*" = { category = "authentication", operation = "authenticate", last = true }
"*^logout*" = { category = "session", operation = "logout", last = true }
"*^logoff*" = { category = "session", operation = "logout", last = true }
"*^signout*" = { category = "session", operation = "logout", last = true }
"*^log out^*" = { category = "session", operation = "logout", last = true }
"*^logged out^*" = { category = "session", operation = "logout", last = true }
"*^log off^*" = { category = "session", operation = "logout", last = true }
"*^logged off^*" = { category = "session", operation = "logout", last = true }
"*^sign out^*" = { category = "session", operation = "logout", last = true }
"*^signed out^*" = { category = "session", operation = "logout", last = true }
"*logout^*" = { category = "session", operation = "logout", last = true }
"*logoff^*" = { category = "session", operation = "logout", last = true }
"*abmeld*" = { category = "session", operation = "logout", last = true }
"*abgemeldet*" = { category = "session", operation = "logout", last = true }
"*déconnexion*" = { category = "session", operation = "logout", last = true }
"*cierre de sesi*" = { category = "session", operation = "logout", last = true }
"*ログアウト*" = { category = "session", operation = "logout", last = true }
"*登出*" = { category = "session", operation = "logout", last = true }
"*로그아웃*" = { category = "session", operation = "logout", last = true }
"*^creat*" = { category = "other", operation = "create" }
"*^recreat*" = { category = "other", operation = "create" }
"*^insert*" = { category = "other", operation = "create" }
"*created^*" = { category = "other", operation = "create" }
"*^add^*" = { category = "other", operation = "create" }
"*^added^*" = { category = "other", operation = "create" }
"*^adds^*" = { category = "other", operation = "create" }
"*^adding^*" = { category = "other", operation = "create" }
"*angelegt*" = { category = "other", operation = "create" }
"*erstellt*" = { category = "other", operation = "create" }
"*hinzugef*" = { category = "other", operation = "create" }
"*création*" = { category = "other", operation = "create" }
"*ajout*" = { category = "other", operation = "create" }
"*creado*" = { category = "other", operation = "create" }
"*creada*" = { category = "other", operation = "create" }
"*creación*" = { category = "other", operation = "create" }
"*criad*" = { category = "other", operation = "create" }
"*criou*" = { category = "other", operation = "create" }
"*criação*" = { category = "other", operation = "create" }
"*作成*" = { category = "other", operation = "create" }
"*创建*" = { category = "other", operation = "create" }
"*생성*" = { category = "other", operation = "create" }
"*^updat*" = { category = "other", operation = "update" }
"*^chang*" = { category = "other", operation = "update" }
"*^modif*" = { category = "other", operation = "update" }
"*^renam*" = { category = "other", operation = "update" }
"*updated^*" = { category = "other", operation = "update" }
"*^edit^*" = { category = "other", operation = "update" }
"*^edited^*" = { category = "other", operation = "update" }
"*^edits^*" = { category = "other", operation = "update" }
"*^editing^*" = { category = "other", operation = "update" }
"*^reset^*" = { category = "other", operation = "update" }
"*^resets^*" = { category = "other", operation = "update" }
"*geändert*" = { category = "other", operation = "update" }
"*änderung*" = { category = "other", operation = "update" }
"*bearbeitet*" = { category = "other", operation = "update" }
"*aktualisiert*" = { category = "other", operation = "update" }
"*actualiza*" = { category = "other", operation = "update" }
"*atualiz*" = { category = "other", operation = "update" }
"*alterad*" = { category = "other", operation = "update" }
"*alterou*" = { category = "other", operation = "update" }
"*alteração*" = { category = "other", operation = "update" }
"*変更*" = { category = "other", operation = "update" }
"*更新*" = { category = "other", operation = "update" }
"*修改*" = { category = "other", operation = "update" }
"*수정*" = { category = "other", operation = "update" }
"*^delet*" = { category = "other", operation = "delete" }
"*^remov*" = { category = "other", operation = "delete" }
"*^destroy*" = { category = "other", operation = "delete" }
"*^purg*" = { category = "other", operation = "delete" }
"*deleted^*" = { category = "other", operation = "delete" }
"*^drop^*" = { category = "other", operation = "delete" }
"*^dropped^*" = { category = "other", operation = "delete" }
"*^drops^*" = { category = "other", operation = "delete" }
"*gelöscht*" = { category = "other", operation = "delete" }
"*löschung*" = { category = "other", operation = "delete" }
"*entfernt*" = { category = "other", operation = "delete" }
"*supprim*" = { category = "other", operation = "delete" }
"*suppression*" = { category = "other", operation = "delete" }
"*elimin*" = { category = "other", operation = "delete" }
"*excluíd*" = { category = "other", operation = "delete" }
"*excluiu*" = { category = "other", operation = "delete" }
"*exclusão*" = { category = "other", operation = "delete" }
"*削除*" = { category = "other", operation = "delete" }
"*删除*" = { category = "other", operation = "delete" }
"*삭제*" = { category = "other", operation = "delete" }
"*^undelet*" = { category = "other", operation = "other" }
"*^restor*" = { category = "other", operation = "other" }
"*^cancel*" = { category = "other", operation = "other" }
"*^export*" = { category = "data", operation = "export", last = true }
"*^download*" = { category = "data", operation = "export", last = true }
"*^import^*" = { category = "data", operation = "import", last = true }
"*^imported^*" = { category = "data", operation = "import", last = true }
"*^imports^*" = { category = "data", operation = "import", last = true }
"*^importing^*" = { category = "data", operation = "import", last = true }
"*^upload*" = { category = "data", operation = "import", last = true }
"*^view^*" = { category = "data", operation = "read", last = true }
"*^viewed^*" = { category = "data", operation = "read", last = true }
"*^views^*" = { category = "data", operation = "read", last = true }
"*^viewing^*" = { category = "data", operation = "read", last = true }
"*^read^*" = { category = "data", operation = "read", last = true }
"*^reads^*" = { category = "data", operation = "read", last = true }
"*^select^*" = { category = "data", operation = "read", last = true }
"*^list^*" = { category = "data", operation = "list", last = true }
"*^listed^*" = { category = "data", operation = "list", last = true }
"*^lists^*" = { category = "data", operation = "list", last = true }
"*^invit*" = { category = "iam", operation = "invite", last = true }
"*^grant*" = { category = "iam", operation = "grant" }
"*^revok*" = { category = "iam", operation = "revoke" }
"*^approve^*" = { category = "other", operation = "approve" }
"*^approved^*" = { category = "other", operation = "approve" }
"*^approves^*" = { category = "other", operation = "approve" }
"*^reject*" = { category = "other", operation = "reject" }
"*^decline^*" = { category = "other", operation = "reject" }
"*^declined^*" = { category = "other", operation = "reject" }
"*^declines^*" = { category = "other", operation = "reject" }
"*^enabl*" = { category = "other", operation = "enable" }
"*^activat*" = { category = "other", operation = "enable" }
"*^reactivat*" = { category = "other", operation = "enable" }
"*^unlock^*" = { category = "other", operation = "enable" }
"*^unlocked^*" = { category = "other", operation = "enable" }
"*^unblock^*" = { category = "other", operation = "enable" }
"*^unblocked^*" = { category = "other", operation = "enable" }
"*^unsuspend^*" = { category = "other", operation = "enable" }
"*^unsuspended^*" = { category = "other", operation = "enable" }
"*^disabl*" = { category = "other", operation = "disable" }
"*^deactivat*" = { category = "other", operation = "disable" }
"*^suspend*" = { category = "other", operation = "disable" }
"*^lock^*" = { category = "other", operation = "disable" }
"*^locked^*" = { category = "other", operation = "disable" }
"*^locks^*" = { category = "other", operation = "disable" }
"*^block^*" = { category = "other", operation = "disable" }
"*^blocked^*" = { category = "other", operation = "disable" }
"*вход*" = { category = "authentication", operation = "authenticate", last = true }
"*создан*" = { category = "other", operation = "create" }
"*удал*" = { category = "other", operation = "delete" }
"*измен*" = { category = "other", operation = "update" }
"#;

/// Words that turn a verb into its opposite, which has no word of its own.
pub(super) const NEGATIONS: &str = "negations = [\"not\", \"no\", \"never\", \"cannot\", \"nicht\", \"nie\", \"pas\", \"não\", \"niet\", \"non\"]\n";

/// What a verb itself says of how it ended: its first or its last word.
pub(super) const ENDING: &str = r"(?i)^\s*((?:failed|denied|unsuccessful|successful)\b)|(?:^|[^a-z])((?:not|no|never|nicht)[ _-]+\w+)\s*$|((?:un)?success(?:ful|fully)?|succeeded|fail(?:ed|ure|s)?|denied)\s*$";

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
