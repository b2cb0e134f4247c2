//! nchan, the publish-subscribe module of nginx: from Debian's packages, unpacked and not installed, so that no web
//! server of the system's is started or changed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::{Beside, Dialect, brought, free_port};
use crate::http;
use crate::process::Running;

/// Starts it.
///
/// # Errors
/// It is not set up, or does not start.
pub(super) fn start() -> anyhow::Result<Beside> {
    let root = brought("../.tools/bench/nchan")?;
    let folder = tempfile::Builder::new()
        .prefix("pleniere-load-nchan-")
        .tempdir()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config(&root, folder.path(), address))?;
    let mut command = Command::new(root.join("usr/sbin/nginx"));
    command
        .env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"))
        .arg("-e")
        .arg(folder.path().join("error.log"))
        .arg("-p")
        .arg(folder.path())
        .arg("-c")
        .arg(&file);
    let program = Running::start(command)?;
    let publisher = http::Connection::open(address).with_context(|| {
        let log = std::fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
        format!("nginx does not answer at {address}: {log}")
    })?;
    Ok(Beside {
        setup: "nginx 1.22.1, nchan 1.3.6, 1 worker, no access log, message buffer 64",
        dialect: Dialect::Nchan,
        address,
        publisher,
        program,
        _folder: Some(folder),
    })
}

/// One worker: the messages need not go from one to the other, and it holds all connections of this measurement. Twice as
/// many are allowed: nginx begins to close idle ones when a sixteenth is left, which was at 18,637 of 19,000.
fn config(root: &Path, folder: &Path, address: SocketAddr) -> String {
    let module = root.join("usr/lib/nginx/modules/ngx_nchan_module.so");
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", folder.display()))
        .concat();
    format!(
        "load_module {};\n\
         daemon off;\nworker_processes 1;\nworker_rlimit_nofile 20000;\npid {}/nginx.pid;\n\
         events {{ worker_connections 40000; multi_accept on; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 1000000;\n{temp}  nchan_shared_memory_size 256M;\n\
         \x20 server {{\n    listen {address} backlog=4096;\n\
         \x20   location = /publish {{ nchan_publisher; nchan_channel_id public; nchan_message_buffer_length 64; }}\n\
         \x20   location = /watch {{ nchan_subscriber websocket; nchan_channel_id public; nchan_subscriber_first_message newest; \
         nchan_websocket_ping_interval 25; }}\n\
         \x20 }}\n}}\n",
        module.display(),
        folder.display(),
    )
}
