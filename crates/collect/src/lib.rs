//! UDP sockets, receive batches, source-steered socket groups.
