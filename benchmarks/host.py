#!/usr/bin/env python3
"""host.py - the host library against a load generator in C, with the same server: see host.sh, which starts this."""
import argparse, json, os, resource, signal, socket, statistics, subprocess, sys, time

SERVER_CORE, CLIENT_CORE = '0', '1'
NQN = 'nqn.2024-01.ceiling:mem'
HZ = os.sysconf('SC_CLK_TCK')
TRANSPORTS = {'tcp': ['-t', 'tcp'], 'poll': ['-t', 'tcp_offload', '--device', 'poll'], 'io_uring': ['-t', 'tcp_offload', '--device', 'io_uring']}


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    for name in ('kit', 'jnvmet', 'hosts', 'depths', 'rw', 'bs'):
        p.add_argument('--' + name, required=True)
    for name in ('rounds', 'seconds', 'ramp', 'port'):
        p.add_argument('--' + name, required=True, type=int)
    p.add_argument('--json')
    return p.parse_args()


def start_server():
    server = subprocess.Popen([os.path.join(A.kit, 'ceiling'), '--core', SERVER_CORE, '--port', str(A.port), '--nqn', NQN, '--size', '256m'],
                              stdout=subprocess.DEVNULL)
    while server.poll() is None:
        try:
            socket.create_connection(('127.0.0.1', A.port), 1).close()
            return server
        except OSError:
            time.sleep(0.1)
    sys.exit(f'host.sh: the ceiling server ended with status {server.returncode}')


def server_cpu(server):
    with open(f'/proc/{server.pid}/stat') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def machine_cpu():
    """busy and stolen seconds of all cores so far"""
    with open('/proc/stat') as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return sum(v[i] for i in (0, 1, 2, 5, 6, 7)) / HZ


def clients_cpu():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def run(server, command):
    """what a client says, and the share of a core that others used meanwhile"""
    s0, m0, c0, t0 = server_cpu(server), machine_cpu(), clients_cpu(), time.time()
    r = subprocess.run(['taskset', '-c', CLIENT_CORE] + command, capture_output=True, text=True)
    wall = time.time() - t0
    noise = max(0, (machine_cpu() - m0 - (server_cpu(server) - s0) - (clients_cpu() - c0)) / wall)
    if r.returncode:
        raise RuntimeError(r.stderr.strip().splitlines()[-1] if r.stderr.strip() else f'status {r.returncode}')
    return json.loads(r.stdout), round(noise, 3)


def nvmeload(server, depth):
    out, noise = run(server, [os.path.join(A.kit, 'nvmeload'), '--port', str(A.port), '--nqn', NQN, '--rw', A.rw, '--bs', A.bs, '--qd', str(depth),
                              '--spin', '--runtime', str(A.seconds), '--warmup', '1', '--json'])
    return {'iops': out['iops'], 'p50': out['lat_us']['p50'], 'p99': out['lat_us']['p99'], 'noise': noise}


def bench(server, host, depth):
    out, noise = run(server, [A.jnvmet, 'bench', '-a', '127.0.0.1', '-s', str(A.port), '-n', NQN, f'--rw={A.rw}', f'--bs={A.bs}', f'--iodepth={depth}',
                              '--time_based', f'--runtime={A.seconds}', f'--ramp_time={A.ramp}', '--output-format=json', '--eta=never'] + TRANSPORTS[host])
    job = out['jobs'][0]
    done = [job[d] for d in ('read', 'write') if job[d]['total_ios']]
    ios = sum(d['total_ios'] for d in done)
    return {'iops': sum(d['iops'] for d in done), 'p50': max(d['clat_ns']['percentile']['50.000000'] for d in done) / 1000,
            'p99': max(d['clat_ns']['percentile']['99.000000'] for d in done) / 1000, 'bytes': job['jnvmet']['allocated_bytes'] / ios, 'noise': noise}


def table(results, missing):
    print(f'\n{A.rw}, {A.bs}, one connection, {A.rounds} rounds of {A.seconds} s; medians\n')
    print(f'{"":16}  {"IOPS":^26}  {"p50 us":^14}  {"p99 us":^16}  bytes')
    print(f'{"host":10} depth  {"C":>9} {"host":>9} {"ratio":>6}  {"C":>6} {"host":>7}  {"C":>7} {"host":>8}  per I/O  noise')
    middle = lambda runs, side, what: statistics.median(r[side][what] for r in runs)
    for (host, depth), runs in results.items():
        if host in missing or not runs:
            continue
        ratio = statistics.median(r['host']['iops'] / max(1, r['c']['iops']) for r in runs)
        noise = max(max(r['c']['noise'], r['host']['noise']) for r in runs)
        print(f'{host:10} {depth:5}  {middle(runs, "c", "iops"):9.0f} {middle(runs, "host", "iops"):9.0f} {ratio:6.3f}  {middle(runs, "c", "p50"):6.1f} '
              f'{middle(runs, "host", "p50"):7.1f}  {middle(runs, "c", "p99"):7.1f} {middle(runs, "host", "p99"):8.1f}  {middle(runs, "host", "bytes"):7.4f}  {noise:5.2f}')
    for host, why in missing.items():
        print(f'{host:10} not measured: {why}')


def main():
    hosts, depths = A.hosts.split(','), [int(d) for d in A.depths.split(',')]
    results, missing = {(h, d): [] for h in hosts for d in depths}, {}
    server = start_server()
    try:
        for number in range(A.rounds):
            for depth in depths:
                c = nvmeload(server, depth)
                for host in hosts:
                    if host in missing:
                        continue
                    try:
                        ours = bench(server, host, depth)
                    except RuntimeError as why:
                        missing[host] = str(why)
                        continue
                    results[host, depth].append({'c': c, 'host': ours})
                    print(f'round {number + 1} depth {depth:3} {host:10} C {c["iops"]:8.0f} IOPS   host {ours["iops"]:8.0f} IOPS   '
                          f'ratio {ours["iops"] / max(1, c["iops"]):.3f}   noise {c["noise"]} {ours["noise"]}', file=sys.stderr, flush=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    table(results, missing)
    if A.json:
        with open(A.json, 'w') as f:
            json.dump({'options': vars(A), 'kernel': os.uname().release, 'time': time.strftime('%F %T'), 'missing': missing,
                       'runs': [{'host': h, 'depth': d, 'runs': r} for (h, d), r in results.items()]}, f, indent=1)


A = arguments()
main()
