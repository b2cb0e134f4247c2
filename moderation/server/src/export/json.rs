//! For programs: the protocol's words, nothing left out, times with the offset of the event's zone.

use pleniere_moderation_core::UnixMs;
use serde_json::{Value, json};

use super::table::{Row, Table};

pub(super) fn write(table: &Table) -> Vec<u8> {
    let questions: Vec<Value> = table.rows.iter().map(|row| question(table, row)).collect();
    let file = json!({ "event": table.naming.title, "questions": questions });
    format!("{file:#}\n").into_bytes()
}

fn question(table: &Table, row: &Row) -> Value {
    let time = |at: Option<UnixMs>| {
        at.and_then(|at| table.local(at))
            .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string())
    };
    json!({
        "number": row.number, "state": row.state, "text": row.text, "original": row.original, "name": row.name,
        "public": row.public, "theme": row.theme, "site": row.site, "room": row.room, "votes": row.votes,
        "asked_at": time(Some(row.asked_at)), "on_air_at": time(row.on_air_at), "answered_at": time(row.answered_at),
        "written": row.written, "answered_to": row.answered_to, "reason": row.reason, "held": row.held, "deferred_to": row.deferred_to, "merged_into": row.merged_into,
        "assigned_to": row.assigned_to, "by": row.by,
    })
}
