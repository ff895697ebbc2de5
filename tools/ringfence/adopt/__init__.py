"""How a cluster that runs already comes under Ringfence: manifests are imported, and flows are learnt from logs."""
