"""What tests of plugins that extend sweeps use."""
