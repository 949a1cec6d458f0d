//! Each detection: a true case, the nearest innocent neighbour on each side of every threshold, cold start, and attacks
//! on clocks and order.

mod credentials;
mod factors;
mod habits;
mod hostile;
mod lifecycle;
mod money;
mod months;
mod places;
mod rhythm;
mod world;
