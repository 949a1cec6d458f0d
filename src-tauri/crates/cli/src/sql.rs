//! `sql CASE SELECT…`: read-only SQL over the events, as a table, CSV or JSON.
//!
//! Owns: the arguments and the printing, row by row. Never touches: SQL (the store runs it).

use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use witnessmark_engine::{SqlCell, SqlLimits, visible};

use crate::{Exit, Failure, commands, print};

/// Run one SELECT over the tables events, targets, changes and sources; see docs/sql.md.
#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// The case file.
    case: PathBuf,
    /// The statement, in one argument or several.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    statement: Vec<String>,
    /// Print CSV for spreadsheets: every cell quoted, formulas made text.
    #[arg(long)]
    csv: bool,
    /// Seconds after which the statement is ended.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Memory that it may use, in MiB.
    #[arg(long, default_value_t = 1_024)]
    memory: u32,
}

/// How rows are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &Sql, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let shape = if json { Shape::Json } else { Shape::Table };
    let case = commands::open(&args.case)?;
    let limits = SqlLimits {
        seconds: args.seconds,
        memory: u64::from(args.memory) << 20,
    };
    let names = RefCell::new(Vec::new());
    let mut printed = Ok(());
    let mut begun = false;
    let statement = args.statement.join(" ");
    if args.csv && !json {
        case.sql_csv(&statement, limits, out)??;
        return Ok(Exit::Done);
    }
    case.sql(
        &statement,
        limits,
        &mut |columns| *names.borrow_mut() = columns.to_vec(),
        &mut |cells| {
            let before = if !begun {
                head(shape, &names.borrow(), out)
            } else if shape == Shape::Json {
                out.write_all(b",")
            } else {
                Ok(())
            };
            begun = true;
            printed = before.and_then(|()| row(shape, cells, out));
            match printed {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        },
    )?;
    printed?;
    if !begun {
        head(shape, &names.borrow(), out)?;
    }
    if shape == Shape::Json {
        out.write_all(b"]}\n")?;
    }
    Ok(Exit::Done)
}

/// What stands before the rows.
fn head(shape: Shape, names: &[String], out: &mut dyn Write) -> io::Result<()> {
    match shape {
        Shape::Table => writeln!(
            out,
            "{}",
            names
                .iter()
                .map(|n| visible(n))
                .collect::<Vec<_>>()
                .join("\t")
        ),
        Shape::Json => {
            write!(out, "{{\"columns\":")?;
            one(&json!(names), out)?;
            write!(out, ",\"rows\":[")
        }
    }
}

fn row(shape: Shape, cells: &[SqlCell], out: &mut dyn Write) -> io::Result<()> {
    match shape {
        Shape::Json => one(&Value::Array(cells.iter().map(value).collect()), out),
        Shape::Table => {
            let texts: Vec<String> = (cells.iter())
                .map(|cell| visible(&text(cell)).into_owned())
                .collect();
            writeln!(out, "{}", texts.join("\t"))
        }
    }
}

/// JSON without the end of a line.
fn one(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::new();
    print::json(value, &mut line)?;
    out.write_all(line.strip_suffix(b"\n").unwrap_or(&line))
}

fn value(cell: &SqlCell) -> Value {
    match cell {
        SqlCell::Null => Value::Null,
        SqlCell::Integer(n) => json!(n),
        SqlCell::Real(n) => json!(n),
        SqlCell::Text(text) => json!(text),
    }
}

fn text(cell: &SqlCell) -> String {
    match cell {
        SqlCell::Null => String::new(),
        SqlCell::Integer(n) => n.to_string(),
        SqlCell::Real(n) => n.to_string(),
        SqlCell::Text(text) => text.clone(),
    }
}
