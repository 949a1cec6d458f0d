//! The events of a case as tables of SQLite: the C interface of virtual tables, and nothing else.
//!
//! Owns: the two structures whose memory layout SQLite prescribes, which is why this is the one module that may hold
//! unsafe code. Never touches: rows, values and plans (`table_rows` does, in safe code).
//!
//! What makes it sound: both structures are `repr(C)` and begin with the base that SQLite expects
//! (<https://sqlite.org/vtab.html>, sections 1.2 and 2.9); rusqlite makes, owns and frees them, and hands out no two
//! references at a time.
#![allow(
    unsafe_code,
    reason = "SQLite prescribes the layout of the two structures, so the traits that promise it are unsafe to implement"
)]

use std::{
    borrow::Cow,
    ffi::{CStr, CString, c_int},
    marker::PhantomData,
    sync::Arc,
};

use rusqlite::{
    Connection, Error, Result, ffi,
    types::{ToSqlOutput, ValueRef},
    vtab::{Context, Filters, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor},
};

use super::{
    shelf::{Kind, Lane, Value},
    table_rows::{Walk, World},
};

/// A table.
#[repr(C)]
struct Table {
    base: ffi::sqlite3_vtab,
    world: Arc<World>,
    kind: Kind,
}

/// A walk through its rows.
#[repr(C)]
struct Cursor<'t> {
    base: ffi::sqlite3_vtab_cursor,
    walk: Walk,
    table: PhantomData<&'t Table>,
}

/// Makes the tables known to a connection, under their names.
pub(super) fn register(connection: &Connection, world: &Arc<World>) -> Result<()> {
    const MODULE: &Module<'static, Table> = &Module::eponymous_only_module();
    for kind in Kind::ALL {
        let aux = (Arc::clone(world), *kind);
        connection.create_module(kind.name(), MODULE, Some(aux))?;
    }
    Ok(())
}

/// Bytes that SQLite holds in this process, all connections together.
pub(super) fn memory_used() -> i64 {
    // SAFETY: takes nothing, reads one counter under SQLite's own lock, and may be called at any time.
    unsafe { ffi::sqlite3_memory_used() }
}

fn failed(error: crate::StoreError) -> Error {
    Error::ModuleError(error.to_string())
}

// SAFETY: `Table` is `repr(C)` and begins with `sqlite3_vtab`.
unsafe impl<'t> VTab<'t> for Table {
    type Aux = (Arc<World>, Kind);
    type Cursor = Cursor<'t>;

    fn connect(
        db: &mut VTabConnection,
        aux: Option<&Self::Aux>,
        _module_name: &[u8],
        _database_name: &[u8],
        _table_name: &[u8],
        _args: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        let (world, kind) = aux
            .cloned()
            .ok_or_else(|| Error::ModuleError("a table without its case".into()))?;
        db.config(VTabConfig::Innocuous)?;
        let schema = CString::new(kind.schema())?;
        let base = ffi::sqlite3_vtab::default();
        Ok((Cow::Owned(schema), Self { base, world, kind }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut lanes = Vec::new();
        let mut chosen = Vec::new();
        for (at, constraint) in info.constraints().enumerate() {
            let lane = constraint
                .is_usable()
                .then(|| self.kind.lane(constraint.column(), constraint.operator()))
                .flatten();
            if let Some(lane) = lane {
                lanes.push(lane);
                chosen.push(at);
            }
        }
        // Another collation than the plain one means other rows than an exact comparison finds.
        let mut plain = Vec::with_capacity(chosen.len());
        for at in &chosen {
            plain.push(info.collation(*at)? == "BINARY");
        }
        let mut keep = plain.iter();
        lanes.retain(|_| keep.next() == Some(&true));
        let mut keep = plain.iter();
        chosen.retain(|_| keep.next() == Some(&true));
        for (argument, at) in (1..).zip(&chosen) {
            // SQLite goes on to compare for itself: what is handed down only spares rows.
            info.constraint_usage(*at).set_argv_index(argument);
        }
        let order = {
            let mut terms = info.order_bys().map(|o| (o.column(), o.is_order_by_desc()));
            match (terms.next(), terms.next()) {
                (Some((column, descends)), None) => self.kind.order(column, descends),
                _ => None,
            }
        };
        if order.is_some() {
            info.set_order_by_consumed(true);
        }
        let rows = self.world.estimate(self.kind, &lanes);
        info.set_estimated_rows(rows as i64);
        info.set_estimated_cost(rows as f64 + 1.0);
        info.set_idx_str(&Lane::write(&lanes, order));
        Ok(true)
    }

    fn open(&'t mut self) -> Result<Self::Cursor> {
        Ok(Cursor {
            base: ffi::sqlite3_vtab_cursor::default(),
            walk: Walk::new(Arc::clone(&self.world), self.kind),
            table: PhantomData,
        })
    }
}

// SAFETY: `Cursor` is `repr(C)` and begins with `sqlite3_vtab_cursor`.
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, _idx_num: c_int, idx_str: Option<&str>, args: &Filters<'_>) -> Result<()> {
        let arguments: Vec<Value<'_>> = args
            .iter()
            .map(|value| match value {
                ValueRef::Integer(n) => Value::Integer(n),
                ValueRef::Text(text) => match std::str::from_utf8(text) {
                    Ok(text) => Value::Text(text),
                    Err(_) => Value::Other,
                },
                ValueRef::Null => Value::Null,
                ValueRef::Real(_) | ValueRef::Blob(_) => Value::Other,
            })
            .collect();
        let (lanes, order) = Lane::read(idx_str.unwrap_or_default());
        self.walk.begin(&lanes, order, &arguments).map_err(failed)
    }

    fn next(&mut self) -> Result<()> {
        self.walk.advance().map_err(failed)
    }

    fn eof(&self) -> bool {
        self.walk.is_over()
    }

    fn column(&self, context: &mut Context, column: c_int) -> Result<()> {
        let mut given = Ok(());
        self.walk
            .value(column, &mut |value| {
                let value = match value {
                    Value::Integer(n) => ValueRef::Integer(n),
                    Value::Text(text) => ValueRef::Text(text.as_bytes()),
                    Value::Null | Value::Other => ValueRef::Null,
                };
                given = context.set_result(ToSqlOutput::Borrowed(value));
            })
            .map_err(failed)?;
        given
    }

    fn rowid(&self) -> Result<i64> {
        self.walk.row_number().map_err(failed)
    }
}
