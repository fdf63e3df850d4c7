"""The conversion of databases that were made before the baseline `m0020_baseline`: the migrations of that time that may
be missing in them, and what they differ in from the baseline after those."""
