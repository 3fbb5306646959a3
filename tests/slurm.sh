#!/bin/sh
# Starts a Slurm of this machine alone, as root, and runs a command under it: tests/slurm.sh cargo test --features long ...
# Needs the packages slurm-wlm and munge. Everything lies in a folder that is removed at the end; only what was started here
# is stopped.
set -eu
place=$(mktemp -d)
chmod 755 "$place"
mkdir "$place/state" "$place/spool"
host=$(hostname -s)
cat > "$place/slurm.conf" <<CONF
ClusterName=alone
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$place/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$place/slurm.conf"
dd if=/dev/urandom of="$place/munge.key" bs=1024 count=1 2>/dev/null
chmod 400 "$place/munge.key"
stop() {
  for name in slurmd slurmctld munged; do
    [ -f "$place/$name.pid" ] && kill "$(cat "$place/$name.pid")" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$place"
}
trap stop EXIT
munged --force --key-file="$place/munge.key" --socket="$place/munge.socket" --pid-file="$place/munged.pid" \
  --log-file="$place/munged.log" --seed-file="$place/munge.seed"
slurmctld
slurmd
for _ in $(seq 60); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 1
done
"$@"
