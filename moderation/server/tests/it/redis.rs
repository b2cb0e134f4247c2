//! A Redis of a test's own, in a folder of its own, that can be killed and started again. [`SERVER`] names another program
//! than the `redis-server` in `PATH`, such as a Valkey. It must know TLS (`make BUILD_TLS=yes`).

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

/// The program that is started.
const SERVER: &str = "PLENIERE_TEST_REDIS";
/// Not there after this long: it will not come.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

pub struct Redis {
    dir: tempfile::TempDir,
    port: u16,
    options: Vec<String>,
    server: Child,
}

impl Redis {
    /// One that syncs its log `always` or `everysec`.
    pub fn start(sync: &str) -> Self {
        Self::start_with(sync, &[])
    }

    /// The same with more options, as on its command line.
    pub fn start_with(sync: &str, options: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let options = [&["--appendfsync", sync], options].concat();
        let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
        let server = serve(dir.path(), port, &options);
        Self {
            dir,
            port,
            options,
            server,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// `kill -9`, and all its connections are gone.
    pub fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Again, with what its disk holds.
    pub fn again(&mut self) {
        self.server = serve(self.dir.path(), self.port, &self.options);
    }

    /// Keeps only this part of its log, as a disk that did not get the rest. While it does not run.
    pub fn cut_log(&self, part: f64) {
        let logs = std::fs::read_dir(self.dir.path().join("appendonlydir")).unwrap();
        let mut paths = logs.map(|entry| entry.unwrap().path());
        let log = paths
            .find(|path| path.to_string_lossy().ends_with(".incr.aof"))
            .unwrap();
        let length = std::fs::metadata(&log).unwrap().len() as f64;
        let log = std::fs::OpenOptions::new().write(true).open(log).unwrap();
        log.set_len((length * part) as u64).unwrap();
    }

    /// One command by hand, as an operator types it.
    pub fn by_hand(&self, words: &[&str]) {
        let mut connection = redis::Client::open(self.url())
            .unwrap()
            .get_connection()
            .unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.exec(&mut connection).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill(); // it may have been killed already
        let _ = self.server.wait();
    }
}

/// One below those the kernel gives to connections: while Redis is away, nobody else is to be found on it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % 10_000;
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn serve(dir: &Path, port: u16, options: &[String]) -> Child {
    let program = std::env::var(SERVER).unwrap_or_else(|_| "redis-server".to_owned());
    let mut command = Command::new(&program);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--save", "", "--appendonly", "yes"]);
    command.args(options);
    command.arg("--dir").arg(dir).stdout(Stdio::null());
    let mut server = command.spawn().unwrap_or_else(|error| {
        panic!("{program} does not start (apt-get install redis-server): {error}")
    });
    let until = Instant::now() + STARTS_WITHIN;
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    let answers = || {
        let mut connection = client.get_connection().ok()?;
        redis::cmd("PING").exec(&mut connection).ok()
    };
    while answers().is_none() {
        let ended = server.try_wait().unwrap();
        assert!(
            ended.is_none() && Instant::now() < until,
            "{program}: {ended:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    server
}
