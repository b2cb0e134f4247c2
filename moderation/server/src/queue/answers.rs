//! Answers given to commands with an id, so that a command sent again is answered again and not done again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Commands remembered. The oldest is forgotten; a client repeats within seconds, and at a thousand commands a second
/// this lasts half a minute. About 5 MB when full.
const REMEMBERED: usize = 32_768;

#[derive(Default)]
pub(crate) struct Answers {
    by_key: HashMap<[u8; 16], Arc<str>>,
    order: VecDeque<[u8; 16]>,
}

impl Answers {
    pub(crate) fn get(&self, key: &[u8; 16]) -> Option<Arc<str>> {
        self.by_key.get(key).cloned()
    }

    pub(crate) fn remember(&mut self, key: [u8; 16], answer: Arc<str>) {
        if self.by_key.insert(key, answer).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_memory_is_bounded() {
        let mut answers = Answers::default();
        let key = |n: usize| (n as u128).to_be_bytes();
        for n in 0..REMEMBERED + 10 {
            answers.remember(key(n), Arc::from(n.to_string()));
        }
        assert_eq!(answers.by_key.len(), REMEMBERED);
        assert!(answers.get(&key(9)).is_none());
        assert_eq!(answers.get(&key(10)).as_deref(), Some("10"));
    }
}
