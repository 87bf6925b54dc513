//! A way to a broker that can be cut at the end of a transaction.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

/// The request that ends a transaction.
const END_TXN: u16 = 26;

/// Everything passes.
const OPEN: u8 = 0;
/// The next end of a transaction is lost on its way.
const LOSES_REQUEST: u8 = 1;
/// The next end of a transaction arrives, its answer does not.
const LOSES_ANSWER: u8 = 2;
/// Nothing passes.
const CUT: u8 = 3;

/// Takes connections on a port of its own and passes them on; lives as long as the test.
#[derive(Clone)]
pub struct Passage {
    state: Arc<AtomicU8>,
}

impl Passage {
    /// From a port that is listened on, to one of a broker.
    pub fn new(listener: TcpListener, broker: u16) -> Self {
        let passage = Self {
            state: Arc::new(AtomicU8::new(OPEN)),
        };
        let taken = passage.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let passage = taken.clone();
                // What cannot connect, or is cut, is closed.
                thread::spawn(move || passage.pass(client, broker));
            }
        });
        passage
    }

    /// The next end of a transaction does not arrive; then nothing passes.
    pub fn lose_request(&self) {
        self.state.store(LOSES_REQUEST, Ordering::SeqCst);
    }

    /// The answer to the next end of a transaction does not arrive; then nothing passes.
    pub fn lose_answer(&self) {
        self.state.store(LOSES_ANSWER, Ordering::SeqCst);
    }

    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.state.load(Ordering::SeqCst) == CUT
    }

    /// Everything passes again.
    pub fn mend(&self) {
        self.state.store(OPEN, Ordering::SeqCst);
    }

    fn pass(&self, mut client: TcpStream, broker: u16) -> Option<()> {
        if self.is_cut() {
            return None;
        }
        let mut upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, broker)).ok()?;
        let (mut back, mut answers) = (client.try_clone().ok()?, upstream.try_clone().ok()?);
        let answering = self.clone();
        thread::spawn(move || {
            let mut octets = [0; 16 << 10];
            while let Ok(count @ 1..) = answers.read(&mut octets) {
                if answering.is_cut() || back.write_all(&octets[..count]).is_err() {
                    break;
                }
            }
            let _ = back.shutdown(Shutdown::Both);
        });
        while let Some(request) = request(&mut client) {
            let ends = u16::from_be_bytes([request[4], request[5]]) == END_TXN;
            let state = self.state.load(Ordering::SeqCst);
            if ends && (state == LOSES_REQUEST || state == LOSES_ANSWER) {
                self.state.store(CUT, Ordering::SeqCst);
                if state == LOSES_REQUEST {
                    break;
                }
            }
            if upstream.write_all(&request).is_err() {
                break;
            }
        }
        let _ = upstream.shutdown(Shutdown::Write);
        let _ = client.shutdown(Shutdown::Both);
        None
    }
}

/// A request with its length.
fn request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    client.read_exact(&mut length).ok()?;
    let octets = usize::try_from(u32::from_be_bytes(length)).unwrap();
    let mut request = length.to_vec();
    request.resize(4 + octets, 0);
    client.read_exact(&mut request[4..]).ok()?;
    Some(request)
}
