//! Floor 1: entities and the verbs that change them; knows no strategy.

mod account;
pub mod balancer;
pub mod bill;
pub mod books;
pub mod cover;
pub mod event;
pub mod fleet;
pub mod function;
pub mod idle;
pub mod ids;
pub mod instance;
mod leave;
pub mod network;
pub mod node;
pub mod orders;
pub mod pool;
pub mod queue;
pub mod request;
pub mod routing;
pub mod serve;
pub mod sharing;
pub mod tariff;
pub mod view;
mod warm;
pub mod world;
