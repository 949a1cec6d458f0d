//! Certificates are always checked: row N8 of the threat model.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig, ServerConnection, StreamOwned};
use witnessmark_pull::Fault;
use witnessmark_pull::cursor::Cursor;

use crate::server::{Reply, serve};
use crate::support::{Clock, Kept, NOW, connector, entry, job, run};

/// A server with a certificate of its own for a name; gives its port and the certificate as PEM.
fn server(name: &str) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                let shared = Shared(Arc::new(Mutex::new(stream)));
                let handler =
                    |_: &crate::server::Request| Reply::json(&json!({"items": [entry(1, NOW)]}));
                // A client that goes away because it does not trust us is what is tested.
                let _ = serve(shared.clone(), shared, &handler, &Mutex::default());
            });
        }
    });
    (port, made.cert.pem())
}

#[derive(Clone)]
struct Shared(Arc<Mutex<StreamOwned<ServerConnection, std::net::TcpStream>>>);

impl std::io::Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().read(buffer)
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap().flush()
    }
}

#[test]
fn a_certificate_must_be_trusted_and_for_this_host() {
    let connector = connector("", "path = \"items\"\nid = \"id\"", "path = \"/log\"", "");
    let pull = |name: &str, trusted: bool| {
        let (port, pem) = server(name);
        let (clock, mut kept) = (Clock::new(), Kept::default());
        let base = format!("https://localhost:{port}");
        let mut job = job(&connector, &base, Cursor::default());
        job.authorities = trusted.then(|| pem.into_bytes());
        (run(job, &clock, &mut kept).stopped, kept)
    };
    let (stopped, kept) = pull("localhost", true);
    assert_eq!(stopped, None);
    assert_eq!(kept.distinct("items"), 1);
    for (name, trusted) in [("localhost", false), ("other.example", true)] {
        let (stopped, kept) = pull(name, trusted);
        let error = stopped.unwrap();
        assert_eq!(error.fault, Fault::Connection, "{}", error.message);
        assert!(error.message.contains("certificate"), "{}", error.message);
        assert!(kept.pages.is_empty());
    }
}

#[test]
fn a_file_without_certificates_is_refused() {
    let connector = connector("", "path = \"items\"", "path = \"/log\"", "");
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let mut job = job(&connector, "http://127.0.0.1:1", Cursor::default());
    job.authorities = Some(b"no certificate".to_vec());
    let error = crate::support::try_run(job, &clock, &mut kept).unwrap_err();
    assert_eq!(error.fault, Fault::Connector);
}
