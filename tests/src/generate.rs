//! Made-up exports of any size, the same for the same seed, for benchmarks and large tests.
//!
//! Owns: the distributions (Zipf-like actors and addresses, high-cardinality targets, a session for nearly every row, a year in time order).
//! Never touches: real data. Addresses are those of RFC 5737, mails those of RFC 2606.

use std::io::{self, Write};

/// A small deterministic generator (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A number below `n`, small ones far more often: about Zipf with exponent 1.
    pub fn zipf(&mut self, n: u64) -> u64 {
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        (((n as f64 + 1.0).powf(unit)) - 1.0) as u64 % n
    }
}

const ACTIONS: &[(&str, &str)] = &[
    ("user.login", "success"),
    ("payment.viewed", "success"),
    ("payment.listed", "success"),
    ("user.login", "failure"),
    ("report.exported", "success"),
    ("link.created", "success"),
    ("payment.refunded", "success"),
    ("member.invited", "success"),
    ("settings.updated", "success"),
    ("payout.exported", "success"),
    ("api_key.viewed", "success"),
    ("webhook.updated", "success"),
    ("member.permissions_updated", "success"),
    ("payout_account.updated", "success"),
    ("api_key.regenerated", "success"),
    ("disbursement.created", "failure"),
    ("recipient.added", "success"),
    ("recipient.deleted", "success"),
    ("kyc.resubmitted", "success"),
    ("member.deleted", "success"),
];

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Safari/605.1",
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Mobile/15E148",
    "okhttp/4.12.0",
    "python-requests/2.32",
];

const COUNTRIES: &[&str] = &[
    "PH", "SG", "DE", "US", "NL", "GB", "JP", "AU", "BR", "IN", "KE", "AE",
];

const DETAILS: &[&str] = &[
    "from the dashboard",
    "through the api",
    "bulk action over a selection",
    "requested by support ticket",
    "scheduled by the reports module",
    "second factor confirmed",
    "second factor not asked",
    "reason given: \"quarterly review, part 2\"",
];

/// 2025-01-01T00:00:00Z in milliseconds.
const START_MS: u64 = 1_735_689_600_000;
/// A year in milliseconds.
const YEAR_MS: u64 = 365 * 86_400_000;

/// One made-up event, as text parts.
struct Made {
    time: String,
    id: u64,
    actor: u64,
    action: &'static str,
    outcome: &'static str,
    ip: String,
    country: &'static str,
    agent: &'static str,
    session: u64,
    target: u64,
    details: &'static str,
}

fn make(row: u64, rows: u64, dice: &mut Dice) -> Made {
    let actor = dice.zipf(5_000);
    let (action, outcome) = ACTIONS[dice.zipf(ACTIONS.len() as u64) as usize];
    let network = dice.zipf(20_000);
    let ms = START_MS + (u128::from(row) * u128::from(YEAR_MS) / u128::from(rows.max(1))) as u64;
    let at = chrono::DateTime::from_timestamp_millis(ms as i64).unwrap_or_default();
    let prefix = ["192.0.2", "198.51.100", "203.0.113"][(network % 3) as usize];
    Made {
        time: at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        id: dice.bits(),
        actor,
        action,
        outcome,
        // Documentation networks hold 768 addresses; the wider spread comes from 10.0.0.0/8.
        ip: if network < 768 {
            format!("{prefix}.{}", network % 256)
        } else {
            format!(
                "10.{}.{}.{}",
                network >> 16,
                (network >> 8) & 255,
                network & 255
            )
        },
        country: COUNTRIES[((actor + network / 4_000) % COUNTRIES.len() as u64) as usize],
        agent: AGENTS[dice.zipf(AGENTS.len() as u64) as usize],
        session: (row / 20).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ actor,
        target: dice.zipf(200_000),
        details: DETAILS[dice.zipf(DETAILS.len() as u64) as usize],
    }
}

/// Writes a CSV export with a header and this many rows, about 205 bytes each.
pub fn csv(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut dice = Dice::new(seed);
    writeln!(
        out,
        "timestamp,actor_email,action,outcome,source_ip,country,user_agent,session_id,target_type,target_id,details"
    )?;
    for row in 0..rows {
        let m = make(row, rows, &mut dice);
        let details = m.details.replace('"', "\"\"");
        writeln!(
            out,
            "{},user{:04}@example.com,{},{},{},{},{},sess_{:016x},payment,pay_{:08x},\"{details}\"",
            m.time, m.actor, m.action, m.outcome, m.ip, m.country, m.agent, m.session, m.target
        )?;
    }
    Ok(())
}

/// Writes newline-delimited JSON in the shape of an identity provider's system log, about 900 bytes an event, each with an id.
pub fn ndjson(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut dice = Dice::new(seed);
    for row in 0..rows {
        let m = make(row, rows, &mut dice);
        writeln!(
            out,
            concat!(
                r#"{{"uuid":"{:016x}-{:08x}","published":"{}","eventType":"{}","version":"0","severity":"INFO","legacyEventType":null,"#,
                r#""displayMessage":{},"actor":{{"id":"00u{:012x}","type":"User","alternateId":"user{:04}@example.com","displayName":"User {:04}","detailEntry":null}},"#,
                r#""client":{{"userAgent":{{"rawUserAgent":"{}","os":"Unknown","browser":"UNKNOWN"}},"zone":"null","device":"Computer","id":null,"ipAddress":"{}","#,
                r#""geographicalContext":{{"city":null,"state":null,"country":"{}","postalCode":null,"geolocation":{{"lat":14.5,"lon":121.0}}}}}},"#,
                r#""outcome":{{"result":"{}","reason":null}},"target":[{{"id":"pay_{:08x}","type":"Payment","alternateId":"unknown","displayName":"Payment {}","detailEntry":null}}],"#,
                r#""transaction":{{"type":"WEB","id":"tx{:016x}","detail":{{}}}},"debugContext":{{"debugData":{{"requestUri":"/api/v1/{}"}}}},"#,
                r#""authenticationContext":{{"authenticationProvider":null,"authenticationStep":0,"externalSessionId":"sess_{:016x}"}},"securityContext":{{"isProxy":false}}}}"#
            ),
            m.id,
            row,
            m.time,
            m.action,
            serde_json::Value::from(m.details),
            m.actor.wrapping_mul(0x1000_0001),
            m.actor,
            m.actor,
            m.agent,
            m.ip,
            m.country,
            m.outcome.to_uppercase(),
            m.target,
            m.target,
            m.id,
            m.action,
            m.session
        )?;
    }
    Ok(())
}

/// Writes one JSON object whose only key holds all records, in the shape of a cloud provider's trail files, about 1,400
/// bytes a record, each with an id, everything on one line.
pub fn records(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut dice = Dice::new(seed);
    write!(out, "{{\"Records\":[")?;
    for row in 0..rows {
        let m = make(row, rows, &mut dice);
        let (service, action) = m.action.split_once('.').unwrap_or(("service", m.action));
        let error = match m.outcome {
            "success" => "",
            _ => {
                r#""errorCode":"AccessDenied","errorMessage":"User is not authorized to perform this action","#
            }
        };
        write!(
            out,
            concat!(
                r#"{comma}{{"eventVersion":"1.09","userIdentity":{{"type":"AssumedRole","principalId":"AROA{actor:012X}:user{actor:04}","#,
                r#""arn":"arn:aws:sts::123456789012:assumed-role/role-{role}/user{actor:04}","accountId":"123456789012","accessKeyId":"ASIA{session:016X}","#,
                r#""sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{actor:012X}","arn":"arn:aws:iam::123456789012:role/role-{role}","#,
                r#""accountId":"123456789012","userName":"role-{role}"}},"attributes":{{"creationDate":"{time}","mfaAuthenticated":"false"}}}}}},"#,
                r#""eventTime":"{time}","eventSource":"{service}.amazonaws.com","eventName":"{action}","awsRegion":"ap-southeast-1","#,
                r#""sourceIPAddress":"{ip}","userAgent":{agent},{error}"requestParameters":{{"resourceId":"pay_{target:08x}","resourceType":"payment","#,
                r#""filter":{{"country":"{country}","note":{details}}},"maxResults":100,"includeAll":false}},"#,
                r#""responseElements":null,"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":{row},"#,
                r#""bytesTransferredOut":1024,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"{id:016x}{session:016x}"}},"#,
                r#""requestID":"{id:016X}","eventID":"{id:016x}-{row:08x}","readOnly":true,"resources":[{{"accountId":"123456789012","#,
                r#""type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket-{role}/pay_{target:08x}"}}],"eventType":"AwsApiCall","managementEvent":true,"#,
                r#""recipientAccountId":"123456789012","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","#,
                r#""cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.ap-southeast-1.amazonaws.com"}}}}"#
            ),
            comma = if row == 0 { "" } else { "," },
            actor = m.actor,
            role = m.actor % 40,
            session = m.session,
            time = format!("{}Z", &m.time[..19]),
            service = service,
            action = action,
            ip = m.ip,
            agent = serde_json::Value::from(m.agent),
            error = error,
            target = m.target,
            country = m.country,
            details = serde_json::Value::from(m.details),
            id = m.id,
            row = row,
        )?;
    }
    writeln!(out, "]}}")
}

/// Writes newline-delimited JSON in the shape of a payment gateway's threat log: errors of SDK and API over a year, by type,
/// message, version and environment. A third of the messages name something that comes once.
pub fn threats(rows: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    const KINDS: &[&str] = &[
        "SDK runtime issue",
        "Validation failure",
        "API failure",
        "Timeout",
    ];
    const VERSIONS: &[&str] = &["1.9.0", "1.9.1", "1.10.0", "1.10.2", "2.0.0"];
    let mut dice = Dice::new(seed);
    for row in 0..rows {
        let m = make(row, rows, &mut dice);
        let kind = KINDS[dice.zipf(KINDS.len() as u64) as usize];
        // Newer versions come later, and the old ones never quite go.
        let newest = 1 + row * VERSIONS.len() as u64 / rows.max(1);
        let version = VERSIONS[(newest - 1 - dice.zipf(newest)) as usize];
        let message = match dice.zipf(12) {
            0 | 1 => format!(
                "Timeout after {}s for order ord_{:012x}",
                dice.below(60),
                m.id >> 16
            ),
            2..4 => format!("Field 'card.{}' is missing", dice.below(30)),
            4 => format!(
                "GET https://api.example.com/v1/payments/{} answered 502",
                m.target
            ),
            n => format!("{} failed while the {n}th step was open", m.action),
        };
        writeln!(
            out,
            r#"{{"errorType":"{kind}","errorMessage":"{message}","source":"{}","version":"{version}","environment":"{}","timestamp":"{}"}}"#,
            ["SDK", "API"][(m.target % 2) as usize],
            ["production", "sandbox"][(m.actor % 2) as usize],
            m.time,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_bytes() {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        csv(100, 7, &mut a).unwrap();
        csv(100, 7, &mut b).unwrap();
        assert_eq!(a, b);
        let mut object = Vec::new();
        records(100, 7, &mut object).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&object).unwrap();
        assert_eq!(object["Records"].as_array().map(Vec::len), Some(100));
        let mut lines = Vec::new();
        ndjson(100, 7, &mut lines).unwrap();
        threats(100, 7, &mut lines).unwrap();
        for line in String::from_utf8(lines).unwrap().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}
