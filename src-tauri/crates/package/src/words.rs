//! Texts for people: how to verify, which control finds what where.
//!
//! Owns: the wording. Never touches: figures.

/// One control of a framework and what this package has for it.
pub(crate) struct Control {
    pub(crate) framework: &'static str,
    pub(crate) control: &'static str,
    pub(crate) asks: &'static str,
    pub(crate) evidence: &'static str,
    pub(crate) not_shown: &'static str,
}

/// What the package shows for each control, and what it does not. The controls' texts are paraphrased.
pub(crate) const CONTROLS: &[Control] = &[
    Control {
        framework: "PCI DSS 4.0.1",
        control: "10.2.2",
        asks: "each entry says who, what, when, with which result, from where and on which object",
        evidence: "data/events/events.ndjson; fields that a source lacks are absent, never filled in",
        not_shown: "events that the system does not log: data/coverage/coverage.json, blind_spots",
    },
    Control {
        framework: "PCI DSS 4.0.1",
        control: "10.3",
        asks: "log files are protected from change",
        evidence: "SHA-256 and Merkle root of each source since its import, custody log, signature",
        not_shown: "what happened to the log before it was imported",
    },
    Control {
        framework: "PCI DSS 4.0.1",
        control: "10.4.1, 10.4.1.1, 10.4.3",
        asks: "logs are reviewed, exceptions are addressed",
        evidence: "data/review/review.json, data/report",
        not_shown: "that the review is done daily; disposition and sign-off are the reviewer's",
    },
    Control {
        framework: "PCI DSS 4.0.1",
        control: "10.5.1",
        asks: "twelve months are kept, three at hand",
        evidence: "data/coverage/coverage.json: first and last event and days without events of each source",
        not_shown: "retention in the system itself",
    },
    Control {
        framework: "PCI DSS 4.0.1",
        control: "10.6",
        asks: "clocks are synchronised",
        evidence: "time zone basis of each source, original text of each time beside UTC",
        not_shown: "accuracy of the system's clock",
    },
    Control {
        framework: "SOC 2",
        control: "CC6.1 to CC6.3",
        asks: "access is granted, changed and removed as authorised",
        evidence: "events of the categories authentication, iam and credential in the scope",
        not_shown: "authorisations outside the log",
    },
    Control {
        framework: "SOC 2",
        control: "CC7.2, CC7.3",
        asks: "events are monitored and evaluated; evidence is complete and accurate",
        evidence: "data/scope/population.json (filter, period, counts), conservation of entries, data/scope/sample.json when a sample was drawn",
        not_shown: "completeness of the export that was given: compare the counts with the system's own screen",
    },
    Control {
        framework: "ISO/IEC 27001:2022",
        control: "A.8.15, A.8.16",
        asks: "logs are made, kept, protected and analysed",
        evidence: "data/events, data/coverage, data/rules, data/report",
        not_shown: "systems whose logs are not in the case",
    },
    Control {
        framework: "ISO/IEC 27001:2022",
        control: "A.5.28",
        asks: "evidence is identified, collected, acquired and preserved",
        evidence: "data/evidence/index.csv, data/custody, inclusion proofs, signature",
        not_shown: "who held the files before the import",
    },
    Control {
        framework: "GDPR",
        control: "Article 33(5)",
        asks: "a personal data breach is documented: facts, effects, remedial action",
        evidence: "data/report (facts), data/events",
        not_shown: "effects and remedial action: the controller's own record",
    },
];

/// `bagit.txt`, byte for byte as RFC 8493 wants it.
pub(crate) const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// `README.txt`.
pub(crate) fn readme(signed: bool) -> String {
    let first = if signed {
        "1. minisign -Vm tagmanifest-sha256.txt -P KEY\n\
         \x20  Take KEY from the signer by another way (telephone, their site); keys/signer.pub is only a convenience.\n\
         \x20  Proves who sealed the package, and that nothing that step 2 covers has changed since.\n"
    } else {
        "1. This package is not signed. Steps 2 to 4 find accidents; they prove nothing against a person who changed\n\
         \x20  files and manifests together.\n"
    };
    format!(
        "This is an audit package of Witnessmark. Check it in this order; no step needs Witnessmark but the last.\n\n\
         {first}\
         2. sha256sum --strict -c tagmanifest-sha256.txt manifest-sha256.txt\n\
         \x20  Proves that every listed file is as it was. Does not see files that were added.\n\
         3. bagit.py --validate .\n\
         \x20  Sees files added under data/. Does not see files added beside it, or a missing tag manifest.\n\
         4. witnessmark verify .\n\
         \x20  Also: no file too many, counts, custody chain, proofs that the excerpts are part of the imported files.\n\n\
         data/events/events.ndjson is authoritative. data/events/events.csv is a view for spreadsheets: a cell that a spreadsheet would\n\
         take for a formula begins with ' there, so +63 2 555 and -5 differ from the log.\n\
         The package cannot show what the system did not log (data/coverage/coverage.json, blind_spots), nor what happened to the\n\
         log before it was imported. The format is described in docs/package-format.md of Witnessmark.\n"
    )
}
