"""Made-up orders and the catalogue that goes with them: for the demo, the benches and the tests. Nobody is in it."""
