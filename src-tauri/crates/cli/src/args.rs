//! What can be typed. Owns names, help and defaults of every command; never does the work.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use witnessmark_engine::api::ImportChoices;

/// Reads audit logs into a case and answers who did what.
#[derive(Debug, Parser)]
#[command(
    name = "witnessmark",
    version,
    about,
    arg_required_else_help = true,
    disable_help_flag = true
)]
#[command(
    after_help = "Exit codes: 0 done; 1 findings, worrying answers or a failed verification; 2 error; 3 done, but entries were rejected.\n\
A passphrase for an encrypted case is read from the environment variable WITNESSMARK_PASSPHRASE."
)]
pub(crate) struct Cli {
    /// Print JSON; errors are one JSON line on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print help. There is no `-h`: a filter may begin with `-has:changes`.
    #[arg(long, global = true, action = clap::ArgAction::Help)]
    help: Option<bool>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read files, folders or standard input (`-`) into a case; makes the case if it is not there.
    Import(Import),
    /// List what came in, with receipts.
    Sources {
        /// The case file.
        case: PathBuf,
    },
    /// Read a source anew from the kept bytes, with other choices; what is left out stays as it was chosen before.
    Reread(crate::revise::Reread),
    /// Take a source out. Its bytes stay, and events that another source attests.
    Withdraw(crate::revise::Withdraw),
    /// What earlier sources hold that this later export of the same system and time lacks.
    Missing(crate::revise::Missing),
    /// List the entries that hold no event, with place and reason.
    Rejects {
        /// The case file.
        case: PathBuf,
        /// Only of this source.
        source: Option<u32>,
        /// Write the bytes of this rejected entry of the source as they stand there.
        #[arg(long, requires = "source")]
        entry: Option<u64>,
    },
    /// Write the bytes of one event as they stand in its source.
    Raw {
        /// The case file.
        case: PathBuf,
        /// Event number.
        event: u64,
    },
    /// Write a source back as it came.
    Extract {
        /// The case file.
        case: PathBuf,
        /// Source number.
        source: u32,
        /// File to write; `-` for standard output.
        out: PathBuf,
        /// The archive or packed file that it came in. This is what a sheet of a workbook gives in any case.
        #[arg(long, conflicts_with = "member")]
        container: bool,
        /// The bytes that places of entries speak of: the unpacked member, or the text of a sheet.
        #[arg(long)]
        member: bool,
    },
    /// The timeline.
    Events(Events),
    /// How many events match.
    Count {
        #[command(flatten)]
        lens: Lens,
    },
    /// Values of fields among the events that match.
    Facets {
        #[command(flatten)]
        lens: Lens,
        /// Fields, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        by: Vec<String>,
        /// The most values of a field.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// The least frequent values first.
        #[arg(long)]
        rare: bool,
        /// Only values that contain this text; upper and lower case do not count.
        #[arg(long, default_value = "", hide_default_value = true)]
        contains: String,
        /// Tell when each value was first and last seen.
        #[arg(long)]
        seen: bool,
    },
    Context(crate::context::Context),
    /// Events over time, in equal half-open intervals.
    Histogram {
        #[command(flatten)]
        lens: Lens,
        /// Number of intervals.
        #[arg(long, default_value_t = 60)]
        bins: u32,
        /// Split each interval by this field.
        #[arg(long)]
        by: Option<String>,
    },
    Export(crate::export::Export),
    /// Look for what should worry somebody.
    Detect(crate::detect::Detect),
    Finding(crate::detect::Finding),
    Checklist(crate::checklist::Checklist),
    Actors(crate::actor::Actors),
    Actor(crate::actor::Actor),
    Merge(crate::actor::Merge),
    Records(crate::record::Records),
    Record(crate::record::Record),
    Session(crate::session::Session),
    #[command(name = "signins")]
    SignIns(crate::signins::SignIns),
    Errors(crate::errors::Errors),
    FirstSeen(crate::first_seen::FirstSeen),
    Agents(crate::agents::Agents),
    /// The descriptions of logs: list, show, try and draft them.
    #[command(subcommand)]
    Profile(crate::profile::Profile),
    /// Say what was found out about a finding.
    Verdict(crate::verdict::Verdict),
    /// Hide findings that are known to be innocent, for a reason.
    Suppress(crate::verdict::Suppress),
    Note(crate::notes::Note),
    /// Put a tag on an event (17 or event:17), actor:…, record:type/id or finding:F-….
    Tag(crate::notes::Note),
    Bookmark(crate::notes::Bookmark),
    Entry(crate::notes::Entry),
    Notes(crate::notes::Notes),
    Copy(crate::notes::Copy),
    Sql(crate::sql::Sql),
    /// The case's own log of what was done with it.
    Custody {
        /// The case file.
        case: PathBuf,
    },
    /// Write an audit package: events, evidence, proofs, report, custody log, in a form that others can check.
    Package(crate::package::Args),
    /// Open what a redacted package hides: a value or entry with the salt of its commitment, for whoever has the package.
    Disclose(crate::disclose::Args),
    /// Check a package or a case, layer by layer.
    Verify(crate::verify::Args),
    /// Set, change or remove the passphrase of a case.
    Passphrase(crate::passphrase::Args),
    /// Signing keys: make, list, show the fingerprint.
    Key(crate::key::Args),
    /// Pull a remote log into a case.
    Pull(crate::pull::Pull),
    /// List the connectors of remote logs, or print one.
    Connectors(crate::pull::List),
    /// The remote logs of a case, what they cover, and every request.
    Pulled(crate::pull::Pulled),
    /// Write shell completions.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The case file.
    pub(crate) case: PathBuf,
    /// Files, folders, or `-` for standard input.
    #[arg(required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Of packages: the signer's public key from another way than the package, its word or its file. Without it the key in the
    /// package is named in the receipt as not compared.
    #[arg(long)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) choices: Choices,
}

/// How sources are read, where they do not say it themselves.
#[derive(Debug, Args)]
pub(crate) struct Choices {
    /// Read with this profile instead of the recognised one: an id, or a file of your own that ends in `.toml`.
    #[arg(long)]
    profile: Option<String>,
    /// Zone of times that name none, such as Asia/Manila or +08:00.
    #[arg(long)]
    zone: Option<String>,
    /// Order of day, month and year where nothing in the source settles it.
    #[arg(long, value_enum)]
    date_order: Option<DateOrder>,
    /// Encoding of sources that are not UTF-8 or UTF-16, such as latin1.
    #[arg(long)]
    encoding: Option<String>,
    /// Say of every event what the export does not, such as organization.name=Acme.
    #[arg(long = "label", value_name = "K=V")]
    labels: Vec<String>,
    #[command(flatten)]
    own: crate::profile::Own,
}

impl Choices {
    /// In the words of the facade.
    pub(crate) fn into_api(self) -> Result<ImportChoices, crate::Failure> {
        let order = self.date_order.map(|o| match o {
            DateOrder::Dmy => "dmy",
            DateOrder::Mdy => "mdy",
            DateOrder::Ymd => "ymd",
        });
        let mut choices = ImportChoices {
            profile: self.profile,
            zone: self.zone,
            date_order: order.map(str::to_owned),
            encoding: self.encoding,
            path: None,
            labels: self.labels,
            profiles: self.own.usable()?,
        };
        crate::profile::named(&mut choices)?;
        Ok(choices)
    }
}

/// Order of the parts of a date.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DateOrder {
    /// 31/12/2026.
    Dmy,
    /// 12/31/2026.
    Mdy,
    /// 2026/12/31.
    Ymd,
}

/// A case and a filter.
#[derive(Debug, Args)]
pub(crate) struct Lens {
    /// The case file.
    pub(crate) case: PathBuf,
    /// The filter in one argument, such as 'actor:alice -op:list ip:203.0.113.0/24'.
    #[arg(allow_hyphen_values = true, default_value = "")]
    pub(crate) query: String,
    /// Zone of dates in the filter, and of the times of a table; UTC if not given.
    #[arg(long, default_value = "UTC")]
    pub(crate) zone: String,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    #[command(flatten)]
    pub(crate) lens: Lens,
    /// The most events; all if not given.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Order by time; by event number if not given.
    #[arg(long, value_enum)]
    pub(crate) sort: Option<Sort>,
    /// How to write them.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write the examiner's own entries among them, each marked as one and counted nowhere; only with an order by time, as a
    /// table or ndjson.
    #[arg(long, requires = "sort", conflicts_with = "limit")]
    pub(crate) with_entries: bool,
}

/// Order of events. Undated ones come last in both.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sort {
    /// Latest first.
    Newest,
    /// Earliest first.
    Oldest,
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// For spreadsheets: every cell quoted, formulas made text.
    Csv,
    /// One JSON object a line, lossless.
    Ndjson,
    /// Elastic Common Schema, one JSON object a line.
    Ecs,
    /// Open Cybersecurity Schema Framework, one JSON object a line.
    Ocsf,
}
