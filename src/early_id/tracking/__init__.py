"""MLflow behind one writer: what was trained, which document is signed, by whom, until when.

Other rooms emit log items (`Params`, `Metrics`, `Artifact`, `Tag`, `Document`, `Table`); `write` hands them
to a sink. Only this room imports MLflow, and only when a `Tracker` is first used.
"""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Acknowledgement": "_record",
        "Artifact": "_items",
        "Document": "_items",
        "GateCell": "_gate",
        "GroupException": "_record",
        "LearnerLog": "_training",
        "Link": "_chain",
        "ListSink": "_sink",
        "Metrics": "_items",
        "Params": "_items",
        "Run": "_mlflow_run",
        "SignOff": "_record",
        "Sink": "_sink",
        "Table": "_items",
        "Tag": "_items",
        "Tracker": "_tracker",
        "TrainingLog": "_training",
        "audit_of": "_promotion",
        "check_backtest": "_evidence",
        "check_sign_off": "_sign_off",
        "code_version": "_code",
        "ends_in_order": "_stopped",
        "environment_lock": "_code",
        "file_hashes": "_evidence",
        "fingerprint": "_fingerprint",
        "gate_cells": "_gate",
        "load_document": "_registry",
        "log_audit": "_evidence",
        "log_training": "_training",
        "promote": "_promotion",
        "register_candidate": "_registry",
        "registered_name": "_names",
        "rollback": "_promotion",
        "sign_off": "_sign_off",
        "sign_offs": "_promotion",
        "signed_audit": "_promotion",
        "standing": "_promotion",
        "verify_sign_off": "_promotion",
        "version_of": "_registry",
        "without_password": "_names",
        "write": "_sink",
    },
)
