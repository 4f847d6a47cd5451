#!/usr/bin/env python3
"""staging.py - two ports of one server, one of which stages data in peer memory: see staging.sh, which starts this."""
import argparse, json, os, resource, signal, socket, statistics, subprocess, sys, time

SERVER_CORE, CLIENT_CORE = '0', '1'
HZ = os.sysconf('SC_CLK_TCK')
SIDES = ('plain', 'staged')


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    for name in ('kit', 'jnvmet', 'folder', 'nqn', 'bs', 'rw'):
        p.add_argument('--' + name, required=True)
    for name in ('port', 'qd', 'rounds', 'seconds', 'prewarm'):
        p.add_argument('--' + name, required=True, type=int)
    p.add_argument('--json')
    return p.parse_args()


def port(side):
    return A.port + SIDES.index(side)


def control():
    return os.path.join(A.folder, 'control')


def start_server():
    log = open(os.path.join(A.folder, 'log'), 'w+')
    server = subprocess.Popen(['taskset', '-c', SERVER_CORE, A.jnvmet, 'serve', '--threads', '1', '--sysfs', os.path.join(A.folder, 'sys'),
                               '--control', control(), '--config', os.path.join(A.folder, 'config.json')], stdout=log, stderr=subprocess.STDOUT)
    while server.poll() is None:
        try:
            for side in SIDES:
                socket.create_connection(('127.0.0.1', port(side)), 1).close()
            return server
        except OSError:
            time.sleep(0.1)
    log.seek(0)
    sys.exit(f'staging.sh: the server ended with status {server.returncode}\n{log.read()}')


def explain():
    r = subprocess.run([A.jnvmet, 'p2p', 'explain', '--control', control(), '--port', '2', '--subsystem', A.nqn], capture_output=True, text=True)
    return (r.stdout + r.stderr).strip()


def used_kib():
    """what of the emulated memory was ever written"""
    files = [os.path.join(d, 'allocate') for d, _, names in os.walk(os.path.join(A.folder, 'sys', 'devices')) if 'allocate' in names]
    return sum(os.stat(f).st_blocks for f in files) // 2


def cpu(pid):
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def machine_cpu():
    """busy and stolen seconds of all cores so far"""
    with open('/proc/stat') as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return sum(v[i] for i in (0, 1, 2, 5, 6, 7)) / HZ


def clients_cpu():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def run(server, side, rw, bs, seconds, warmup):
    """what the load generator says, and the share of a core that others used meanwhile"""
    s0, m0, c0, t0 = cpu(server.pid), machine_cpu(), clients_cpu(), time.time()
    # Data in a capsule is never staged, so all writes go by R2T.
    r = subprocess.run([os.path.join(A.kit, 'nvmeload'), '--core', CLIENT_CORE, '--port', str(port(side)), '--nqn', A.nqn, '--rw', rw, '--bs', bs,
                        '--qd', str(A.qd), '--spin', '--no-incapsule', '--runtime', str(seconds), '--warmup', str(warmup), '--json'],
                       capture_output=True, text=True)
    wall = time.time() - t0
    if r.returncode:
        sys.exit(f'staging.sh: nvmeload on the {side} port: {r.stderr.strip()}')
    noise = max(0, (machine_cpu() - m0 - (cpu(server.pid) - s0) - (clients_cpu() - c0)) / wall)
    d = json.loads(r.stdout)
    return {'iops': d['iops'], 'p50': d['lat_us']['p50'], 'p99': d['lat_us']['p99'], 'noise': round(noise, 3)}


def table(results):
    print(f'\nqueue depth {A.qd}, one connection, {A.rounds} rounds of {A.seconds} s; medians; the ratio is that of a round\n')
    print(f'{"":22}  {"IOPS":^26}  {"p99 us":^16}')
    print(f'{"workload":22}  {"plain":>9} {"staged":>9} {"ratio":>6}  {"plain":>7} {"staged":>8}  noise')
    middle = lambda runs, side, what: statistics.median(r[side][what] for r in runs)
    for name, runs in results.items():
        ratio = statistics.median(r['staged']['iops'] / max(1, r['plain']['iops']) for r in runs)
        noise = max(r[side]['noise'] for r in runs for side in SIDES)
        print(f'{name:22}  {middle(runs, "plain", "iops"):9.0f} {middle(runs, "staged", "iops"):9.0f} {ratio:6.3f}  '
              f'{middle(runs, "plain", "p99"):7.1f} {middle(runs, "staged", "p99"):8.1f}  {noise:5.2f}')


def main():
    work = [(rw, bs) for bs in A.bs.split(',') for rw in A.rw.split(',')]
    results = {f'{bs} {rw}': [] for rw, bs in work}
    server = start_server()
    try:
        print(explain(), file=sys.stderr)
        for rw, bs in work if A.prewarm else []:
            for side in SIDES:
                run(server, side, rw, bs, A.prewarm, 0)
        for number in range(A.rounds):
            for rw, bs in work:
                # Who comes first changes from round to round: a drift of the machine favours neither.
                order = SIDES if number % 2 == 0 else SIDES[::-1]
                pair = {side: run(server, side, rw, bs, A.seconds, 1) for side in order}
                results[f'{bs} {rw}'].append(pair)
                print(f'round {number + 1} {bs + " " + rw:22} plain {pair["plain"]["iops"]:8.0f} IOPS   staged {pair["staged"]["iops"]:8.0f} IOPS   '
                      f'ratio {pair["staged"]["iops"] / max(1, pair["plain"]["iops"]):.3f}   noise {pair["plain"]["noise"]} {pair["staged"]["noise"]}',
                      file=sys.stderr, flush=True)
        used = used_kib()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    table(results)
    print(f'\n{used} KiB of the peer memory were used')
    if A.json:
        with open(A.json, 'w') as f:
            json.dump({'options': vars(A), 'kernel': os.uname().release, 'time': time.strftime('%F %T'), 'used_kib': used, 'runs': results}, f, indent=1)
    if used == 0:
        sys.exit('staging.sh: nothing was staged')


A = arguments()
main()
