/** Owns: the way of a call from the window to the program. The only file that imports Tauri (ESLint holds this). */
import { Channel, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Backend } from "./backend";
import type { ExportProgress, ImportProgress, InputsDropped, PackageProgress, PullProgress } from "./types";

export const tauri: Backend = {
  appInfo: () => invoke("app_info"),
  settingsSave: (settings) => invoke("settings_save", { settings }),

  caseCreate: (name, passphrase, zone) => invoke("case_create", { name, passphrase, zone }),
  caseOpen: (token, passphrase) => invoke("case_open", { token, passphrase }),
  caseChoose: () => invoke("case_choose"),
  caseSample: () => invoke("case_sample"),
  caseSummary: () => invoke("case_summary"),
  caseClose: () => invoke("case_close"),

  inputsChoose: (folder) => invoke("inputs_choose", { folder }),
  inputPaste: (text) => invoke("input_paste", { text }),
  onInputsDropped: (seen) => listen<InputsDropped>("inputs-dropped", (event) => seen(event.payload)),
  importInspect: (token, choices) => invoke("import_inspect", { token, choices }),
  importStart: (job, tokens, choices, seen) => {
    const progress = new Channel<ImportProgress>();
    progress.onmessage = seen;
    return invoke("import_start", { job, tokens, choices, progress });
  },
  importCancel: (job) => invoke("import_cancel", { job }),

  mappingLook: (of, choices, text, edits) => invoke("mapping_look", { ...of, choices, text, edits }),
  profileKeep: (text) => invoke("profile_keep", { text }),
  profileSave: (text) => invoke("profile_save", { text }),
  profileRead: () => invoke("profile_read"),
  profilesList: () => invoke("profiles_list"),
  profileForget: (id) => invoke("profile_forget", { id }),
  profilesChoose: () => invoke("profiles_choose"),
  profilesPutAway: () => invoke("profiles_put_away"),

  pullConnectors: () => invoke("pull_connectors"),
  connectorChoose: () => invoke("connector_choose"),
  authoritiesChoose: () => invoke("authorities_choose"),
  pullTrial: (request, secret, keep) => invoke("pull_trial", { request, secret, keep }),
  pullStart: (job, request, secret, keep, seen) => {
    const progress = new Channel<PullProgress>();
    progress.onmessage = seen;
    return invoke("pull_start", { job, request, secret, keep, progress });
  },
  pulled: () => invoke("pulled"),
  pullSecret: (request) => invoke("pull_secret", { request }),
  pullForget: (request) => invoke("pull_forget", { request }),
  planStart: (request, secret) => invoke("plan_start", { request, secret }),
  plans: () => invoke("plans"),
  planStop: (id) => invoke("plan_stop", { id }),

  viewOpen: (query, sort, zone) => invoke("view_open", { query, sort, zone }),
  viewRows: (view, first, len, fields) => invoke("view_rows", { view, first, len, fields }),
  viewFacets: (view, fields, limit) => invoke("view_facets", { view, fields, limit }),
  // Tauri reads argument names as written when a command says rename_all = "snake_case".
  viewHistogram: (view, bins, by, from_ms, to_ms) => invoke("view_histogram", { view, bins, by, from_ms, to_ms }),
  viewLocate: (view, at) => invoke("view_locate", "event" in at ? { view, event: at.event } : { view, time_ms: at.timeMs }),
  viewValues: (view, field, contains, rare, limit) => invoke("view_values", { view, field, contains, rare, limit }),
  viewHolds: (view, events) => invoke("view_holds", { view, events }),
  viewEvents: (view, first, len) => invoke("view_events", { view, first, len }),
  queryComplete: (text, cursor) => invoke("query_complete", { text, cursor }),

  exportView: (job, query, zone, format, seen) => {
    const progress = new Channel<ExportProgress>();
    progress.onmessage = seen;
    return invoke("export_view", { job, query, zone, format, progress });
  },
  sqlRun: (statement) => invoke("sql_run", { statement }),
  sqlSave: (statement) => invoke("sql_save", { statement }),
  savedViews: () => invoke("saved_views"),
  saveView: (name, query, suspended, zone) => invoke("save_view", { name, query, suspended, zone }),
  forgetView: (id) => invoke("forget_view", { id }),

  eventDetail: (event, zone) => invoke("event_detail", { event, zone }),
  rejects: (source) => invoke("rejects", { source }),
  rejectsSave: (source) => invoke("rejects_save", { source }),
  sourceChoices: (source) => invoke("source_choices", { source }),
  sourceInspect: (source, choices) => invoke("source_inspect", { source, choices }),
  sourceReread: (job, source, choices, seen) => {
    const progress = new Channel<ImportProgress>();
    progress.onmessage = seen;
    return invoke("source_reread", { job, source, choices, progress });
  },
  sourceWithdraw: (source, why) => invoke("source_withdraw", { source, why }),
  copyChoose: (fresh) => invoke("copy_choose", { fresh }),
  sourcesCopy: (job, token, sources, passphrase, seen) => {
    const progress = new Channel<ImportProgress>();
    progress.onmessage = seen;
    return invoke("sources_copy", { job, token, sources, passphrase, progress });
  },
  sourceMissing: (source) => invoke("source_missing", { source }),
  custody: () => invoke("custody"),
  packagePreview: (job, choices) => invoke("package_preview", { job, choices }),
  packageChoose: (name) => invoke("package_choose", { name }),
  packageWrite: (job, token, choices, signing, seen) => {
    const progress = new Channel<PackageProgress>();
    progress.onmessage = seen;
    return invoke("package_write", { job, token, choices, signing, progress });
  },
  keysList: () => invoke("keys_list"),
  keyMake: (name, passphrase) => invoke("key_make", { name, passphrase }),
  keyForget: (name) => invoke("key_forget", { name }),
  packagePick: (folder) => invoke("package_pick", { folder }),
  packageDisclose: (token, choices, save) => invoke("package_disclose", { token, choices, save }),
  verifyChoose: (folder, key, opened) => invoke("verify_choose", { folder, key, opened }),
  caseVerify: (passphrase) => invoke("case_verify", { passphrase }),
  caseCopy: () => invoke("case_copy"),
  mark: (event, kind, value, on) => invoke("mark", { event, kind, value, on }),

  actorsList: (query, zone, wanted) => invoke("actors_list", { query, zone, wanted }),
  actorFilter: (who, exact) => invoke("actor_filter", { who, exact }),
  actorPage: (who, query, zone, idle) => invoke("actor_page", { who, query, zone, idle }),
  actorHour: (who, query, zone, day, hour) => invoke("actor_hour", { who, query, zone, day, hour }),
  actorsCompare: (first, second, query, zone) => invoke("actors_compare", { first, second, query, zone }),
  actorsMerge: (keys) => invoke("actors_merge", { keys }),
  actorsPart: (id) => invoke("actors_part", { id }),
  recordsList: (query, zone, wanted) => invoke("records_list", { query, zone, wanted }),
  recordPage: (of, at, zone) => invoke("record_page", { of, at, zone }),
  sessionPage: (of, idle, order, zone) => invoke("session_page", { ...of, idle, order, zone }),
  signinsReview: (query, zone, wanted) => invoke("signins_review", { query, zone, wanted }),
  addressesChoose: () => invoke("addresses_choose"),
  errorsList: (query, zone) => invoke("errors_list", { query, zone }),
  firstSeen: (query, zone, wanted) => invoke("first_seen", { query, zone, wanted }),
  agentsList: (query, zone) => invoke("agents_list", { query, zone }),

  findingsList: (query, zone, wanted) => invoke("findings_list", { query, zone, wanted }),
  findingsLook: () => invoke("findings_look"),
  findingPage: (id, zone) => invoke("finding_page", { id, zone }),
  findingsWhatIf: (parameter, values) => invoke("findings_what_if", { parameter, values }),
  findingJudge: (id, verdict, note) => invoke("finding_judge", { id, verdict, note }),
  findingUnjudge: (id) => invoke("finding_unjudge", { id }),
  findingsSuppress: (detection, actor, reason, until) => invoke("findings_suppress", { detection, actor, reason, until }),
  findingsUnsuppress: (id) => invoke("findings_unsuppress", { id }),
  rulesChoose: (folder) => invoke("rules_choose", { folder }),
  rulesChosen: () => invoke("rules_chosen"),
  rulesPutAway: () => invoke("rules_put_away"),
  notesList: (contains, kinds) => invoke("notes_list", { contains, kinds }),
  notePut: (subject, kind, text, on) => invoke("note_put", { subject, kind, text, on }),
  entryAdd: (time, text, zone) => invoke("entry_add", { time, text, zone }),
  noteTakeBack: (id) => invoke("note_take_back", { id }),
  viewEntries: (view) => invoke("view_entries", { view }),
  checklistText: (name) => invoke("checklist_text", { name }),
  checklistCheck: (text) => invoke("checklist_check", { text }),
  checklistSave: (text) => invoke("checklist_save", { text }),
  checklistForget: (id) => invoke("checklist_forget", { id }),
  checklistsList: () => invoke("checklists_list"),
  checklistAsk: (name, about, zone) => invoke("checklist_ask", { name, ...about, zone }),
  checklistRun: (run, zone) => invoke("checklist_run", { run, zone }),
  checklistAgain: (run, zone) => invoke("checklist_again", { run, zone }),
  checklistAnswer: (run, step, answer, note) => invoke("checklist_answer", { run, step, answer, note }),
  checklistPin: (run, step, event, on) => invoke("checklist_pin", { run, step, event, on }),
  checklistWithdraw: (run) => invoke("checklist_withdraw", { run }),
  checklistPage: (run, zone) => invoke("checklist_page", { run, zone }),
  checklistPrinted: (run) => invoke("checklist_printed", { run }),
  windowPrint: () => invoke("window_print"),
};
