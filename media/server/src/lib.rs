//! Engine supervisor, LL-HLS origin, recorder, replay, timeline
