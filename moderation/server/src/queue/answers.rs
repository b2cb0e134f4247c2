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

    /// Appends all of them, oldest first: key, length, answer.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        for key in &self.order {
            let answer = self.by_key.get(key).map_or("", |answer| answer);
            bytes.extend(key);
            bytes.extend((answer.len() as u32).to_be_bytes());
            bytes.extend(answer.as_bytes());
        }
    }

    /// What [`Answers::write`] wrote; none when it is something else.
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut answers = Self::default();
        while !bytes.is_empty() {
            let (key, rest) = bytes.split_first_chunk()?;
            let (length, rest) = rest.split_first_chunk()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (answer, rest) = rest.split_at_checked(length)?;
            answers.remember(*key, Arc::from(std::str::from_utf8(answer).ok()?));
            bytes = rest;
        }
        Some(answers)
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

        let mut bytes = Vec::new();
        answers.write(&mut bytes);
        let read = Answers::read(&bytes).unwrap();
        assert_eq!(
            (&read.by_key, &read.order),
            (&answers.by_key, &answers.order)
        );
        bytes.pop();
        assert!(Answers::read(&bytes).is_none());
    }
}
