//! `GET questions.{csv,xlsx,ods,json}`: the queue as it is now, for moderators and directors.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, extract::State};
use pleniere_moderation::export::{self, Format};
use pleniere_moderation::{Access, Role};

use super::problem::Problem;
use crate::house::House;

/// One address for each format.
pub fn routes(house: &Arc<House>) -> Router {
    Format::ALL
        .into_iter()
        .fold(Router::new(), |router, format| {
            let handler = get(
                async move |State(house): State<Arc<House>>, headers: HeaderMap| {
                    questions(&house, format, &headers)
                        .await
                        .unwrap_or_else(IntoResponse::into_response)
                },
            );
            router.route(&format!("/questions.{format}"), handler)
        })
        .with_state(Arc::clone(house))
}

async fn questions(
    house: &House,
    format: Format,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    may_export(house.door().as_ref(), bearer(headers))?;
    let table = house
        .questions()
        .await
        .map_err(|refusal| Problem::unavailable(refusal.detail))?;
    // Packing thousands of rows takes a core for a moment: not one that carries connections.
    let file = tokio::task::spawn_blocking(move || export::write(&table, format))
        .await
        .map_err(|_| Problem::unavailable("the file could not be made"))?
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    let mut response = file.into_response();
    let name = format!("attachment; filename=\"{}-questions.{format}\"", house.id());
    for (header, value) in [
        (header::CONTENT_TYPE, format.media_type()),
        (header::CONTENT_DISPOSITION, &name),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        // An event's id is plain: it cannot end the quoted name.
        let value = HeaderValue::from_str(value)
            .map_err(|_| Problem::unavailable("the file cannot be named"))?;
        response.headers_mut().insert(header, value);
    }
    Ok(response)
}

fn may_export(access: &dyn Access, key: Option<&str>) -> Result<(), Problem> {
    let refused = |status, detail: String| Problem {
        status,
        code: "not_allowed",
        detail,
    };
    let key = key.ok_or_else(|| {
        let detail = "send the key of a moderator's or director's link as bearer token";
        refused(StatusCode::UNAUTHORIZED, detail.to_owned())
    })?;
    let who = access
        .identify(Some(key))
        .map_err(|denied| refused(StatusCode::UNAUTHORIZED, denied.detail))?;
    if matches!(who.role, Role::Moderator | Role::Director) {
        return Ok(());
    }
    let detail = format!(
        "a {} key does not export questions; a moderator's or director's does",
        who.role.as_str()
    );
    Err(refused(StatusCode::FORBIDDEN, detail))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use pleniere_config::{Claims, EventId, NodeKey, Role, SiteId};

    use super::*;
    use crate::access::{Door, unix_now};

    #[test]
    fn only_moderators_and_directors_export() {
        let (event, key) = (
            EventId::new("grand-est").unwrap(),
            Arc::new(NodeKey::from_seed([7; 32])),
        );
        let door = Door::new(event.clone(), Arc::clone(&key), PathBuf::from("none"));
        let status = |role: Role, event: &EventId| {
            let site = (role == Role::Site).then(|| SiteId::new("nancy").unwrap());
            let claims = Claims::new(event.clone(), role, site, None, unix_now() + 60).unwrap();
            may_export(&door, Some(&key.sign(&claims)))
                .err()
                .map(|problem| problem.status)
        };
        assert_eq!(status(Role::Moderator, &event), None);
        assert_eq!(status(Role::Director, &event), None);
        for role in [Role::Site, Role::Stage, Role::Guest] {
            assert_eq!(status(role, &event), Some(StatusCode::FORBIDDEN), "{role}");
        }
        let other = EventId::new("poitiers").unwrap();
        assert_eq!(
            status(Role::Director, &other),
            Some(StatusCode::UNAUTHORIZED)
        );
        assert_eq!(
            may_export(&door, None).unwrap_err().status,
            StatusCode::UNAUTHORIZED
        );
    }
}
