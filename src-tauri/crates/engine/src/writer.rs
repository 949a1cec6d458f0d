//! The thread that writes: takes what the readers yield, in order, and hands it to the importer of the case.
//!
//! Owns: the channel between the two threads, bounded so that memory stays bounded. Never touches: formats, SQL.

use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::{Value, json};
use witnessmark_ingest::pipeline as reading;
use witnessmark_model::Batch;
use witnessmark_store::importer::{self as writing, Container, Importer};
use witnessmark_store::{Result as StoreResult, StoreError};

/// Messages on their way, so that reading goes on while a segment is sealed; most are pieces of evidence of a few hundred
/// kilobytes, every sixth or so a batch of about two megabytes.
const ON_THE_WAY: usize = 48;

/// The other side is gone; it tells why itself.
#[derive(Debug)]
pub(crate) struct Closed;

type Sent = std::result::Result<(), Closed>;

enum Message {
    BeginContainer { name: String, kind: &'static str },
    ContainerBytes(Vec<u8>),
    EndContainer,
    BeginSource(Box<reading::SourceStart>),
    Bytes(Vec<u8>),
    Entries(Vec<(u64, u64)>),
    Batch(Batch),
    Reject(reading::Reject),
    EndSource(reading::SourceEnd),
}

/// The readers' end.
pub(crate) struct Channel {
    send: Sender<Message>,
    emptied: Receiver<Batch>,
    emptied_bytes: Receiver<Vec<u8>>,
}

impl Channel {
    fn send(&self, message: Message) -> Sent {
        self.send.send(message).map_err(|_| Closed)
    }

    pub(crate) fn begin_container(&self, name: &str, kind: &'static str) -> Sent {
        self.send(Message::BeginContainer {
            name: name.to_owned(),
            kind,
        })
    }

    pub(crate) fn container_bytes(&self, chunk: &[u8]) -> Sent {
        self.send(Message::ContainerBytes(self.filled(chunk)))
    }

    pub(crate) fn end_container(&self) -> Sent {
        self.send(Message::EndContainer)
    }

    pub(crate) fn begin_source(&self, start: reading::SourceStart) -> Sent {
        self.send(Message::BeginSource(Box::new(start)))
    }

    pub(crate) fn bytes(&self, chunk: &[u8]) -> Sent {
        self.send(Message::Bytes(self.filled(chunk)))
    }

    /// A copy, in memory that was used before where there is some.
    fn filled(&self, chunk: &[u8]) -> Vec<u8> {
        let mut memory = self.emptied_bytes.try_recv().unwrap_or_default();
        memory.clear();
        memory.extend_from_slice(chunk);
        memory
    }

    pub(crate) fn entries(&self, places: &[(u64, u64)]) -> Sent {
        self.send(Message::Entries(places.to_vec()))
    }

    pub(crate) fn batch(&self, batch: Batch) -> std::result::Result<Batch, Closed> {
        self.send(Message::Batch(batch))?;
        Ok(self.emptied.try_recv().unwrap_or_default())
    }

    pub(crate) fn reject(&self, reject: reading::Reject) -> Sent {
        self.send(Message::Reject(reject))
    }

    pub(crate) fn end_source(&self, end: reading::SourceEnd) -> Sent {
        self.send(Message::EndSource(end))
    }
}

/// The writer's end.
pub(crate) struct Writer {
    importer: Importer,
    imported: String,
    choices: Value,
    container: Option<(Container, &'static str)>,
    receive: Receiver<Message>,
    emptied: Sender<Batch>,
    emptied_bytes: Sender<Vec<u8>>,
}

impl Writer {
    /// A writer and the channel to it.
    pub(crate) fn new(importer: Importer, imported: String, choices: Value) -> (Channel, Self) {
        let (send, receive) = bounded(ON_THE_WAY);
        let (give_back, emptied) = bounded(ON_THE_WAY);
        let (give_bytes_back, emptied_bytes) = bounded(ON_THE_WAY);
        let writer = Self {
            importer,
            imported,
            choices,
            container: None,
            receive,
            emptied: give_back,
            emptied_bytes: give_bytes_back,
        };
        let channel = Channel {
            send,
            emptied,
            emptied_bytes,
        };
        (channel, writer)
    }

    /// Writes until the channel is closed; gives the importer back, and the reason if it failed.
    pub(crate) fn run(mut self) -> (Importer, Option<StoreError>) {
        while let Ok(message) = self.receive.recv() {
            if let Err(error) = self.take(message) {
                return (self.importer, Some(error));
            }
        }
        (self.importer, None)
    }

    fn take(&mut self, message: Message) -> StoreResult<()> {
        match message {
            Message::BeginContainer { name, kind } => {
                self.container = Some((self.importer.begin_container(&name)?, kind));
                Ok(())
            }
            Message::ContainerBytes(bytes) => match self.container {
                Some((container, _)) => {
                    self.give_bytes_back();
                    self.importer.container_bytes(container, bytes)
                }
                None => Err(StoreError::OutOfOrder(
                    "bytes of a container that was not begun",
                )),
            },
            // Members of an archive come after its own bytes, so it is remembered until the next one.
            Message::EndContainer => match self.container {
                Some((container, _)) => self.importer.end_container(container),
                None => Ok(()),
            },
            Message::BeginSource(start) => self.begin_source(*start),
            Message::Bytes(bytes) => {
                self.give_bytes_back();
                self.importer.bytes(bytes)
            }
            Message::Entries(places) => self.importer.entries(&places),
            Message::Batch(mut batch) => {
                self.importer.batch(&batch)?;
                batch.clear();
                // When nobody waits for it, its memory is simply given back.
                let _ = self.emptied.try_send(batch);
                Ok(())
            }
            Message::Reject(r) => self.importer.reject(reject(r)),
            Message::EndSource(end) => self.importer.end_source(source_end(end)),
        }
    }

    fn give_bytes_back(&self) {
        while let Some(memory) = self.importer.emptied() {
            // When nobody waits for it, it is simply given back.
            if self.emptied_bytes.try_send(memory).is_err() {
                return;
            }
        }
    }

    fn begin_source(&mut self, start: reading::SourceStart) -> StoreResult<()> {
        let container = self.container.filter(|_| start.in_container);
        let detail = json!({
            "imported": self.imported,
            "described": start.described,
            "date_order": start.date_order,
            "container": container.map(|(_, kind)| kind),
            "choices": self.choices,
        });
        let meta = writing::SourceMeta {
            container: container.map(|(container, _)| container),
            ..source_meta(start, detail)
        };
        self.importer.begin_source(meta).map(|_| ())
    }
}

/// What is known of a source when it begins, in the words of the store.
pub(crate) fn source_meta(start: reading::SourceStart, detail: Value) -> writing::SourceMeta {
    writing::SourceMeta {
        profile_texts: start.texts,
        name: start.name,
        member: start.member,
        container: None,
        shape: start.shape,
        profiles: start.profiles,
        confidence: start.confidence,
        zone: start.zone.unwrap_or_default(),
        detail,
    }
}

/// An entry without an event, in the words of the store.
pub(crate) fn reject(reject: reading::Reject) -> writing::Reject {
    writing::Reject {
        entry: reject.entry,
        line: reject.line,
        offset: reject.offset,
        length: reject.length,
        code: reject.code,
        message: reject.message,
    }
}

/// What is known of a source at its end, in the words of the store.
pub(crate) fn source_end(end: reading::SourceEnd) -> writing::SourceEnd {
    writing::SourceEnd {
        entries: end.entries,
        warnings: end
            .warnings
            .into_iter()
            .map(|w| writing::Warning {
                code: w.code.to_owned(),
                count: w.count,
                message: w.message,
            })
            .collect(),
        shape: None,
        profiles: Some(end.profiles),
        profile_texts: end.texts,
    }
}
