#!/usr/bin/env python3
"""compare.py - how near does an NVMe/TCP target come to what kernel sockets allow on this machine?

Runs nvmeload against the ceiling server (A) and against the target (B), A B A B ... over a list of workloads, and prints
medians and the ratio target/ceiling. Both servers get the same core; the one that is not measured is stopped (SIGSTOP),
so that a polling server does not disturb the other. Only processes started here are ever signalled.

  compare.py --target 127.0.0.1:4420 --nqn NQN --target-cmd 'java -jar target.jar ...'     started and ended here
  compare.py --target 10.0.0.1:4420 --nqn NQN [--target-pid PID]                           already running
"""
import argparse, json, os, re, resource, shlex, signal, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, 'src', 'main', 'c')
KIT = os.path.join(HERE, 'target', 'kit')
HZ = os.sysconf('SC_CLK_TCK')
WORKLOADS = [
    ('4k-randread-q1', '--rw randread --bs 4k --qd 1'),
    ('4k-randread-q32', '--rw randread --bs 4k --qd 32'),
    ('4k-randread-q128', '--rw randread --bs 4k --qd 128'),
    ('4k-randread-q32x4', '--rw randread --bs 4k --qd 32 --conns 4'),
    ('4k-randwrite-q1', '--rw randwrite --bs 4k --qd 1'),
    ('4k-randwrite-q32', '--rw randwrite --bs 4k --qd 32'),
    ('4k-70/30-q64', '--rw randrw --rwmixread 70 --bs 4k --qd 64'),
    ('128k-read-q8', '--rw read --bs 128k --qd 8'),
    ('128k-read-q32', '--rw read --bs 128k --qd 32'),
    ('128k-write-q8', '--rw write --bs 128k --qd 8'),
    ('128k-write-q32', '--rw write --bs 128k --qd 32'),
    ('4k-randread-q32-dgst', '--rw randread --bs 4k --qd 32 --hdgst --ddgst'),
]
CEILING_NQN = 'nqn.2024-01.ceiling:mem'


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a = p.add_argument
    a('--target', required=True, metavar='HOST:PORT')
    a('--nqn', required=True)
    a('--nsid', default='1')
    a('--target-cmd', help='start the target with this command (pinned with taskset to the server core)')
    a('--target-pid', help='process(es) of an already running target, for its CPU time: PID[,PID]')
    a('--target-name', default='target')
    a('--start-timeout', type=float, default=60, help='seconds to wait until the started target answers [60]')
    a('--ceiling-port', type=int, default=4499)
    a('--ceiling-args', default='', help="more arguments for ceiling, e.g. '--spin'")
    a('--load-args', default='--spin', help="more arguments for nvmeload ['--spin']; '' for an event-driven client")
    a('--server-core', type=int, default=0)
    a('--client-core', type=int, default=1)
    a('--rounds', type=int, default=3)
    a('--runtime', type=float, default=4)
    a('--warmup', type=float, default=1)
    a('--prewarm', type=float, default=0, help='seconds per workload against the target before round 1 (JIT compilers)')
    a('--span', default='256m', help='part of the namespace that is used, the same in both [256m]')
    a('--only', default='', help='only workloads whose name matches this regular expression')
    a('--workload', action='append', default=[], metavar='NAME=ARGS', help='replace the list by these (repeatable)')
    a('--max-noise', type=float, default=0.15, help='repeat a run when others used more than this share of a core [0.15]')
    a('--retries', type=int, default=2)
    a('--json', help='write all runs and the summary to this file')
    return p.parse_args()


class Server:
    """One side of the comparison. Owns its process only if it started it."""

    def __init__(self, name, addr, nqn, nsid='1', cmd=None, core=None, pids=None):
        self.name, (self.host, self.port), self.nqn, self.nsid = name, addr.rsplit(':', 1), nqn, nsid
        self.proc, self.given, self.log = None, [int(x) for x in (pids or '').split(',') if x], None
        if cmd:
            if self.listening():
                sys.exit(f'{name}: something listens on {addr} already')
            self.log = tempfile.NamedTemporaryFile('w+', prefix=f'compare-{name}-', suffix='.log')
            self.proc = subprocess.Popen(['taskset', '-c', str(core)] + cmd, stdout=self.log, stderr=subprocess.STDOUT,
                                         stdin=subprocess.DEVNULL, preexec_fn=os.setpgrp)

    def listening(self):
        try:
            socket.create_connection((self.host, int(self.port)), 1).close()
            return True
        except OSError:
            return False

    def wait_ready(self, seconds):
        end, err = time.time() + seconds, 'does not listen'
        while time.time() < end:
            if self.proc and self.proc.poll() is not None:
                self.fail(f'ended with status {self.proc.returncode}')
            if self.listening():
                r = subprocess.run(load_cmd(self, '--runtime 0.1 --warmup 0'), capture_output=True, text=True)
                if r.returncode == 0:
                    return
                err = r.stderr.strip()
            time.sleep(0.2)
        self.fail(err)

    def fail(self, why):
        if self.log:
            self.log.seek(0)
            sys.stderr.write(''.join(self.log.readlines()[-20:]))
        raise SystemExit(f'{self.name}: {why}')

    def pids(self):
        """the started process and everything else in its process group"""
        if not self.proc:
            return self.given
        out = []
        for d in filter(str.isdigit, os.listdir('/proc')):
            f = stat_of(d)
            if f and int(f[2]) == self.proc.pid:
                out.append(int(d))
        return out

    def signal(self, sig):
        if self.proc and self.proc.poll() is None:
            os.killpg(self.proc.pid, sig)

    def end(self):
        if not self.proc:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.proc.wait(10)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.proc.wait()


def stat_of(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()
    except OSError:
        return None


def cpu_of(pids):
    return sum(int(f[11]) + int(f[12]) for f in map(stat_of, pids) if f) / HZ


def machine_busy():
    """busy and stolen seconds of all cores so far"""
    with open('/proc/stat') as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return (v[0] + v[1] + v[2] + v[5] + v[6]) / HZ, v[7] / HZ


def own_cpu():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def load_cmd(s, args):
    c = [os.path.join(KIT, 'nvmeload'), '--host', s.host, '--port', s.port, '--nqn', s.nqn, '--nsid', s.nsid, '--core', str(A.client_core),
         '--span', A.span, '--json']
    return c + shlex.split(args) + shlex.split(A.load_args)


def measure(s, args):
    """one run; repeated when other processes disturbed it, the quietest attempt counts"""
    best = None
    for attempt in range(A.retries + 1):
        pids = s.pids()
        s0, m0, o0, t0 = cpu_of(pids), machine_busy(), own_cpu(), time.time()
        cmd = load_cmd(s, f'{args} --runtime {A.runtime} --warmup {A.warmup}') + (['--server-pid', ','.join(map(str, pids))] if pids else [])
        r = subprocess.run(cmd, capture_output=True, text=True)
        s1, m1, o1, t1 = cpu_of(pids), machine_busy(), own_cpu(), time.time()
        if r.returncode:
            s.fail(f'nvmeload {args}: {r.stderr.strip()} {r.stdout.strip()}')
        d = json.loads(r.stdout)
        wall = t1 - t0
        d['noise'] = round(max(0, (m1[0] - m0[0] - (s1 - s0) - (o1 - o0)) / wall), 3) if pids else None
        d['steal'] = round((m1[1] - m0[1]) / wall, 3)
        d['notes'] = r.stderr.strip()
        if best is None or (d['noise'] or 0) < best['noise']:
            best = d
        if (d['noise'] or 0) <= A.max_noise:
            break
    return best


def build():
    os.makedirs(KIT, exist_ok=True)
    for name in ('nvmeload', 'ceiling'):
        exe, srcs = os.path.join(KIT, name), [os.path.join(SOURCES, f) for f in (name + '.c', 'nvmetcp.h')]
        if not os.path.exists(exe) or any(os.path.getmtime(f) > os.path.getmtime(exe) for f in srcs):
            subprocess.run(['cc', '-O2', '-o', exe, srcs[0]], check=True)


def med(v):
    v = [x for x in v if x is not None]
    return statistics.median(v) if v else None


def summarise(name, runs):
    """runs: list of (ceiling run, target run) of the rounds. Ratios are taken within a round, then the median."""
    def pair(get):
        c, t = [get(x[0]) for x in runs], [get(x[1]) for x in runs]
        ratios = [b / a for a, b in zip(c, t) if a and b is not None]
        return {'ceiling': med(c), 'target': med(t), 'ratio': med(ratios), 'ratio_min': min(ratios, default=None), 'ratio_max': max(ratios, default=None)}
    return {'workload': name, 'rounds': len(runs), 'iops': pair(lambda d: d['iops']), 'p50_us': pair(lambda d: d['lat_us']['p50']),
            'p99_us': pair(lambda d: d['lat_us']['p99']), 'cpu_s_per_mio': pair(lambda d: d.get('cpu_server_us_per_io')),
            'cpu_server': pair(lambda d: d.get('cpu_server')), 'cpu_client': pair(lambda d: d['cpu_client']),
            'noise': max((d['noise'] or 0) + d['steal'] for r in runs for d in r)}


def table(rows):
    f = lambda x, n=0: '-' if x is None else f'{x:.{n}f}'
    print(f'\n{"":21} {"IOPS":^25} {"p99 us":^21} {"server CPU s/M I/O":^20} {"server":^9} {"client":^9}')
    print(f'{"workload":21} {"ceiling":>8} {"target":>8} {"ratio":>6}  {"ceil":>7} {"target":>7} {"ratio":>5}  {"ceil":>6} {"target":>6} {"ratio":>5}'
          f'  {"busy c/t":>9} {"busy c/t":>9} noise')
    for r in rows:
        i, p, c, s, k = r['iops'], r['p99_us'], r['cpu_s_per_mio'], r['cpu_server'], r['cpu_client']
        pc = lambda d: '/'.join(f(d[x] and d[x] * 100) for x in ('ceiling', 'target'))
        print(f'{r["workload"]:21} {f(i["ceiling"]):>8} {f(i["target"]):>8} {f(i["ratio"], 3):>6}  {f(p["ceiling"], 1):>7} {f(p["target"], 1):>7} {f(p["ratio"], 2):>5}'
              f'  {f(c["ceiling"], 2):>6} {f(c["target"], 2):>6} {f(c["ratio"], 2):>5}  {pc(s):>9} {pc(k):>9} {r["noise"]:5.2f}{" !" if r["noise"] > A.max_noise else ""}')
    ratios = [r['iops']['ratio'] for r in rows if r['iops']['ratio']]
    print(f'\ngeometric mean of the IOPS ratios target/ceiling: {statistics.geometric_mean(ratios):.3f}   (ratios: median over rounds of the same-round ratio)')


def main():
    build()
    work = [tuple(w.split('=', 1)) for w in A.workload] or WORKLOADS
    work = [w for w in work if re.search(A.only, w[0])]
    if not work:
        sys.exit('no workload matches')
    os.sched_setaffinity(0, {A.client_core})
    servers, runs = [], {w[0]: [] for w in work}
    try:
        c = Server('ceiling', f'127.0.0.1:{A.ceiling_port}', CEILING_NQN, core=A.server_core, cmd=[os.path.join(KIT, 'ceiling'), '--port', str(A.ceiling_port),
                   '--core', str(A.server_core), '--nqn', CEILING_NQN, '--size', A.span] + shlex.split(A.ceiling_args))
        servers.append(c)
        c.wait_ready(10)
        c.signal(signal.SIGSTOP)
        t = Server(A.target_name, A.target, A.nqn, A.nsid, A.target_cmd and shlex.split(A.target_cmd), A.server_core, A.target_pid)
        servers.append(t)
        t.wait_ready(A.start_timeout)
        for name, args in work if A.prewarm else []:
            subprocess.run(load_cmd(t, f'{args} --runtime {A.prewarm} --warmup 0'), stdout=subprocess.DEVNULL)
        t.signal(signal.SIGSTOP)
        for rnd in range(A.rounds):
            for name, args in work:
                pair = []
                for s in (c, t):
                    s.signal(signal.SIGCONT)
                    time.sleep(0.1)
                    pair.append(measure(s, args))
                    s.signal(signal.SIGSTOP)
                runs[name].append(pair)
                a, b = pair
                print(f'round {rnd + 1} {name:21} ceiling {a["iops"]:8} IOPS p99 {a["lat_us"]["p99"]:8.1f}   target {b["iops"]:8} IOPS p99 {b["lat_us"]["p99"]:8.1f}   '
                      f'ratio {b["iops"] / max(a["iops"], 1):.3f}   noise {a["noise"]} {b["noise"]}', file=sys.stderr, flush=True)
    finally:
        for s in servers:
            s.end()
    rows = [summarise(n, r) for n, r in runs.items()]
    table(rows)
    if A.json:
        with open(A.json, 'w') as f:
            json.dump({'options': vars(A), 'cores': os.cpu_count(), 'kernel': os.uname().release, 'time': time.strftime('%F %T'), 'summary': rows,
                       'runs': {n: [{'ceiling': a, 'target': b} for a, b in r] for n, r in runs.items()}}, f, indent=1)


A = arguments()
main()
