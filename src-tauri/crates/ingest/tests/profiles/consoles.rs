//! Exports of known systems in the shapes that consoles, portals and collectors give them.
//!
//! Owns: made-up exports, true to the documented shape. Never touches: logs that nobody described (`guesses`, `strangers`).

use crate::support::{Source, asked, import, library};
use witnessmark_model::{Field, Instant};

fn read(text: &str, name: &str, zone: &str) -> Source {
    import(&library(), text.as_bytes(), name, zone)
}

fn time(source: &Source, n: usize) -> String {
    source.events[n]
        .time
        .map_or("undated".to_owned(), Instant::rfc3339)
}

fn one(source: &Source, n: usize, field: Field) -> String {
    source.events[n].all(field).collect::<Vec<_>>().join(", ")
}

const OKTA: &str = r#"{"actor":{"id":"00u9","type":"User","alternateId":"mia@acme.example","displayName":"Mia"},"client":{"ipAddress":"198.51.100.4"},"eventType":"user.session.start","displayMessage":"x","outcome":{"result":"SUCCESS"},"published":"2024-03-10T01:02:03.004Z","uuid":"u-1","version":"0","target":[]}"#;
const TRAIL: &str = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/a","userName":"a","accountId":"1"},"eventTime":"2024-01-15T09:30:01Z","eventSource":"s3.amazonaws.com","eventName":"DeleteBucket","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","userAgent":"aws-cli","requestParameters":{"bucketName":"b"},"responseElements":null,"eventID":"c-1","readOnly":false}"#;
const OKTA_TIME: &str = "2024-03-10T01:02:03.004000000Z";

const BOX: &str = "Date,User Name,User Email,User ID,IP Address,Action,Affected Item,Affected Item ID,Parent Folder,Size,Details\n\
    02/03/2024 04:05 AM,Ann,ann@acme.example,1,203.0.113.81,Downloaded,plan.pdf,33,Secret,10 KB,\n";

#[test]
fn a_report_with_the_times_of_who_made_it_asks_for_the_zone() {
    assert!(
        asked(BOX.as_bytes(), "report.csv").contains("zone"),
        "{}",
        asked(BOX.as_bytes(), "report.csv")
    );
    let source = read(BOX, "report.csv", "America/Los_Angeles");
    assert_eq!(source.profiles, ["box@2"]);
    assert_eq!(time(&source, 0), "2024-02-03T12:05:00.000000000Z");
    assert_eq!(one(&source, 0, Field::TargetName), "plan.pdf");
    assert_eq!(one(&source, 0, Field::UserId), "1");
    // What the vendor documents for its interface stands before a choice.
    let json = r#"{"event_type":"LOGIN","created_by":{"id":"1","login":"ann@acme.example"},"created_at":"2024-02-03T04:05:00","event_id":"e","source":null}"#;
    let source = read(json, "events.ndjson", "America/Los_Angeles");
    assert_eq!(time(&source, 0), "2024-02-03T04:05:00.000000000Z");
}

#[test]
fn letters_of_a_zone_that_two_countries_share_are_read_where_the_chosen_zone_has_them() {
    let text = "Date,User,Source Namespace Prefix,Action,Section,Delegate User\n\
        \"2/3/2024, 4:05:06 AM PST\",ann@acme.example,,Created permission set Finance,Manage Users,\n";
    for (zone, at) in [
        ("America/Los_Angeles", "2024-02-03T12:05:06.000000000Z"),
        ("Asia/Manila", "2024-02-02T20:05:06.000000000Z"),
        ("Europe/Berlin", "undated"),
    ] {
        let source = read(text, "trail.csv", zone);
        assert_eq!(
            (time(&source, 0).as_str(), source.profiles[0].as_str()),
            (at, "salesforce-setup@2")
        );
    }
}

#[test]
fn a_table_whose_cells_hold_entries_of_several_logs_is_split() {
    let cell = |text: &str| text.replace('"', "\"\"");
    let text = format!(
        "_messagetime,_raw,_sourcecategory\n1700000000000,\"{}\",c\n1700000000000,\"{}\",c\n",
        cell(OKTA),
        cell(TRAIL)
    );
    let source = read(&text, "sumo.csv", "UTC");
    assert_eq!(one(&source, 0, Field::Profile), "okta@1");
    assert_eq!(time(&source, 0), OKTA_TIME);
    assert_eq!(one(&source, 1, Field::Profile), "aws-cloudtrail@3");
    assert_eq!(time(&source, 1), "2024-01-15T09:30:01.000000000Z");
}

#[test]
fn entries_of_a_log_that_nobody_described_are_guessed_beside_those_of_a_known_one() {
    let ours = r#"{"ts":1700000005,"who":"ann","did":"refund.create","from":"203.0.113.4"}"#;
    for (known, strange) in [(6, 6), (40, 1)] {
        let lines: String = (0..known)
            .map(|n| OKTA.replace("u-1", &format!("u-{n}")) + "\n")
            .chain((0..strange).map(|_| format!("{ours}\n")))
            .collect();
        let source = read(&lines, "half.ndjson", "UTC");
        assert_eq!(one(&source, 0, Field::Profile), "okta@1");
        let last = known + strange - 1;
        assert_eq!(one(&source, last, Field::Profile), "guess@1");
        assert_eq!(time(&source, last), "2023-11-14T22:13:25.000000000Z");
        assert_eq!(one(&source, last, Field::UserName), "ann");
        assert_eq!(one(&source, last, Field::EventAction), "refund.create");
    }
}

#[test]
fn what_a_collector_put_around_an_entry_is_taken_off_three_keys_deep_and_before_a_line() {
    let original = serde_json::json!({
        "_index": "x", "_id": "0",
        "_source": {"@timestamp": "2024-03-10T09:09:09Z", "event": {"original": OKTA}},
    });
    let hits = serde_json::json!({"took": 1, "hits": {"total": {"value": 2}, "hits": [original, original]}});
    for (text, name) in [
        (format!("{original}\n{original}\n"), "es.ndjson"),
        (hits.to_string(), "hits.json"),
        (
            format!("<134>1 2024-03-10T09:09:09Z host okta - - - {OKTA}\n").repeat(2),
            "syslog.log",
        ),
        (
            format!("<134>Mar 10 09:09:09 host okta: {OKTA}\n").repeat(2),
            "bsd.log",
        ),
        (
            format!("2024-03-10T09:09:09.1Z stdout F {OKTA}\n").repeat(2),
            "cri.log",
        ),
    ] {
        let source = read(&text, name, "UTC");
        assert_eq!(source.profiles, ["okta@1"], "{name}");
        assert_eq!(time(&source, 0), OKTA_TIME, "{name}");
        assert_eq!(
            one(&source, 0, Field::UserEmail),
            "mia@acme.example",
            "{name}"
        );
    }
}

#[test]
fn an_at_in_the_name_of_a_column_makes_no_value_of_it() {
    let text = "insertId,logName,protoPayload.@type,protoPayload.authenticationInfo.principalEmail,protoPayload.methodName,protoPayload.resourceName,protoPayload.requestMetadata.callerIp,severity,timestamp\n\
        i1,projects/p/logs/cloudaudit.googleapis.com%2Factivity,type.googleapis.com/google.cloud.audit.AuditLog,dev@acme.example,SetIamPolicy,projects/p,203.0.113.60,ERROR,2024-06-01T00:00:01.123456789Z\n";
    let source = read(text, "explorer.csv", "UTC");
    assert_eq!(source.events.len(), 1);
    assert_eq!(time(&source, 0), "2024-06-01T00:00:01.123456789Z");
    assert_eq!(one(&source, 0, Field::UserEmail), "dev@acme.example");
    assert_eq!(one(&source, 0, Field::EventAction), "SetIamPolicy");
    let text =
        "time,User (ann@acme.example),action,ip\n2024-06-01T00:00:01Z,yes,login,203.0.113.1\n";
    let source = read(text, "a.csv", "UTC");
    assert_eq!(source.events.len(), 1);
    assert_eq!(one(&source, 0, Field::EventAction), "login");
}

#[test]
fn a_portal_that_puts_the_zone_behind_the_name_of_a_column_is_known() {
    let text = "TenantId,SourceSystem,TimeGenerated [UTC],OperationName,Category,ResultType,ResultDescription,UserDisplayName,UserPrincipalName,UserId,IPAddress,AppDisplayName,LocationDetails,CorrelationId,Type\n\
        t,Azure AD,\"4/3/2024, 7:08:09.123 AM\",Sign-in activity,SignInLogs,50126,Invalid username or password,Ann Lee,ann@acme.example,uid1,203.0.113.44,Azure Portal,\"{\"\"city\"\":\"\"Manila\"\",\"\"countryOrRegion\"\":\"\"PH\"\"}\",c1,SigninLogs\n";
    let source = read(text, "sentinel.csv", "Asia/Manila");
    assert_eq!(source.profiles, ["entra-signin@1"]);
    assert_eq!(time(&source, 0), "2024-04-03T07:08:09.123000000Z");
    assert_eq!(one(&source, 0, Field::EventOutcome), "failure");
    assert_eq!(one(&source, 0, Field::UserEmail), "ann@acme.example");
}

#[test]
fn a_request_to_vault_is_no_success_before_its_answer() {
    let line = |kind: &str, more: &str| {
        format!(
            r#"{{"time":"2024-02-03T04:05:06.1Z","type":"{kind}","auth":{{"display_name":"ann","entity_id":"e1"}},"request":{{"id":"q1","operation":"delete","path":"secret/data/db","remote_address":"203.0.113.80"}}{more}}}"#
        ) + "\n"
    };
    let text = line("request", "")
        + &line("response", r#","error":"permission denied""#)
        + &line("response", r#","response":{}"#);
    let source = read(&text, "vault.ndjson", "UTC");
    let found: Vec<String> = (0..3)
        .map(|n| one(&source, n, Field::EventOutcome))
        .collect();
    assert_eq!(found, ["", "failure", "success"]);
}

#[test]
fn consoles_have_columns_that_interfaces_do_not() {
    let jira = "Date,Author,Category,Summary,Description,Changed object,Associated objects,Changed from,Changed to,IP address\n\
        2024-02-03T04:05:06Z,Ann,user management,User added to group,,jira-admins,bob,,bob,203.0.113.71\n";
    let source = read(jira, "jira.csv", "UTC");
    assert_eq!(source.profiles, ["jira-cloud@2"]);
    assert_eq!(one(&source, 0, Field::SourceIp), "203.0.113.71");
    assert_eq!(one(&source, 0, Field::TargetName), "jira-admins, bob");
    assert_eq!(one(&source, 0, Field::ChangeNew), "bob");
    let gitlab = "ID,Author ID,Author Name,Entity ID,Entity Type,Entity Path,Target ID,Target Type,Target Details,Action,IP Address,Created At (UTC)\n\
        1,5,Ann,7,Project,acme/app,8,User,Bob,Changed access level from Developer to Owner,203.0.113.70,2024-02-03 04:05:06 UTC\n";
    let source = read(gitlab, "gitlab.csv", "Asia/Manila");
    assert_eq!(source.profiles, ["gitlab@2"]);
    assert_eq!(time(&source, 0), "2024-02-03T04:05:06.000000000Z");
    assert_eq!(one(&source, 0, Field::UserName), "Ann");
    assert_eq!(one(&source, 0, Field::TargetName), "Bob, acme/app");
    assert_eq!(one(&source, 0, Field::ChangeField), "access level");
    let google = "Date,Event,Description,Actor,Target,IP address,Setting name,Old value,New value\n\
        2024-02-01T08:05:00+08:00,Change application setting,2-step changed from true to false,admin@acme.example,joe@acme.example,203.0.113.3,Enforce 2SV,true,false\n";
    let source = read(google, "google.csv", "UTC");
    assert_eq!(source.profiles, ["google-workspace@3"]);
    assert_eq!(one(&source, 0, Field::TargetName), "joe@acme.example");
    assert_eq!(one(&source, 0, Field::ChangeField), "Enforce 2SV");
    assert_eq!(one(&source, 0, Field::ChangeNew), "false");
    let athena = "eventversion,useridentity,eventtime,eventsource,eventname,awsregion,sourceipaddress,useragent,eventid\n\
        1.08,\"{type=IAMUser, principalid=AIDA1, arn=arn:aws:iam::123456789012:user/alice, accountid=123456789012, invokedby=null, username=alice, sessioncontext=null}\",2024-01-15T09:30:01Z,iam.amazonaws.com,CreateAccessKey,us-east-1,203.0.113.77,aws-cli/2.15.0,e5\n\
        1.08,\"{type=AWSService, principalid=null, arn=null, accountid=null, invokedby=cloudtrail.amazonaws.com, username=null, sessioncontext=null}\",2024-01-15T09:30:01Z,iam.amazonaws.com,AssumeRole,us-east-1,203.0.113.77,aws-cli/2.15.0,e6\n";
    let source = read(athena, "athena.csv", "UTC");
    assert_eq!(source.profiles, ["aws-cloudtrail@3"]);
    assert_eq!(one(&source, 0, Field::UserName), "alice");
    assert_eq!(one(&source, 0, Field::UserId), "AIDA1");
    assert_eq!(one(&source, 1, Field::UserName), "cloudtrail.amazonaws.com");
    assert_eq!(one(&source, 1, Field::UserId), "");
}
