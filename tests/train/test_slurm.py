"""A sweep through SLURM, against a stand-in for its commands that runs each job on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = {
    # Takes the job's script and returns, as `sbatch` does; the two tasks of the array run afterwards.
    "sbatch": """#!/bin/sh
for last; do :; done
cp "$last" "{folder}/submitted.sh"
(for task in 0 1; do
  SLURM_JOB_ID=71 SLURM_ARRAY_JOB_ID=71 SLURM_ARRAY_TASK_ID=$task SLURM_NTASKS=1 SLURM_JOB_NUM_NODES=1 SLURM_NODEID=0 \\
    SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_JOB_NODELIST=here sh "$last" >> "{folder}/log-$task" 2>&1
  touch "{folder}/ended-$task"
done) > /dev/null 2>&1 &
echo "Submitted batch job 71"
""",
    "srun": """#!/bin/sh
while [ "${{1#-}}" != "$1" ]; do case "$1" in --output|--error) shift 2;; *) shift;; esac; done
exec "$@"
""",
    "scontrol": "#!/bin/sh\necho here\n",
    "sacct": """#!/bin/sh
echo "JobID|State|NodeList"
for task in 0 1; do
  [ -e "{folder}/ended-$task" ] && state=COMPLETED || state=RUNNING
  echo "71_$task|$state|here"
done
""",
}


def test_a_sweep_runs_as_jobs_of_slurm(tiny_encoder, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="the extra `slurm` is not installed")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, script in COMMANDS.items():
        (commands / name).write_text(script.format(folder=tmp_path))
        (commands / name).chmod(0o755)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"
    }  # fmt: skip
    done = subprocess.run(
        [
            sys.executable, "-m", "train", "-m", "hydra/launcher=slurm", "hydra.launcher.partition=gpu", "seed=1,2",
            f"encoder.path={tiny_encoder}", "encoder.max_length=64", "encoder.context_tokens=16", "data.real=no",
            "data.limit=48", f"output={tmp_path}/run-${{seed}}", f"hydra.sweep.dir={tmp_path}/sweep",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    logs = "\n".join(p.read_text() for p in tmp_path.glob("log-*"))
    assert done.returncode == 0, f"{done.stderr[-2000:]}\n{logs[-2000:]}"
    submitted = (tmp_path / "submitted.sh").read_text()
    assert "#SBATCH --partition=gpu" in submitted
    assert "#SBATCH --array=0-1" in submitted
    for seed in (1, 2):
        folder = tmp_path / f"run-{seed}"
        assert (folder / "model" / "config.json").exists()
        assert json.loads((folder / "record.json").read_text())["seed"] == seed
