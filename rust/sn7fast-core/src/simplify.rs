//! Topology-preserving simplification.
