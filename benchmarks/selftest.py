#!/usr/bin/env python3
"""selftest.py - functional test of nvmeload (and ceiling) without a foreign target: verify runs over many shapes, the same
through a proxy that cuts the TCP stream into random small pieces, and faults that must be noticed."""
import json, os, random, shlex, socket, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, 'src', 'main', 'c')
KIT = os.path.join(HERE, 'target', 'kit')
NQN, PORT, PROXY = 'nqn.2024-01.ceiling:mem', 14521, 14522
failed = 0


def pump(src, dst, rnd, chop, flip, state):
    try:
        while data := src.recv(1 << 16):
            if flip and len(data) > 20000:                      # deep inside a large transfer: surely payload
                state['seen'] = state.get('seen', 0) + 1
                if state['seen'] == 20:
                    data = bytearray(data)
                    data[len(data) // 2] ^= 0x40
            while chop and data:
                n = rnd.choice((1, 2, 3, 7, 8, 23, 24, 25, 71, 73, 130, 1000, 5000, 40000))
                dst.sendall(data[:n])
                data = data[n:]
                if rnd.random() < 0.3:
                    time.sleep(0.0001)                          # lets the receiver see the piece on its own
            if data:
                dst.sendall(data)
    except OSError:
        pass
    for s in (src, dst):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(chop, flip):
    l = socket.create_server(('127.0.0.1', PROXY))

    def loop():
        while True:
            try:
                c, _ = l.accept()
            except OSError:
                return
            s = socket.create_connection(('127.0.0.1', PORT))
            state = {}
            for x in (c, s):
                x.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for a, b, f in ((c, s, False), (s, c, flip)):
                threading.Thread(target=pump, args=(a, b, random.Random(), chop, f, state), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    return l


def load(args, port=PORT, want=0, find=''):
    global failed
    cmd = [os.path.join(KIT, 'nvmeload'), '--port', str(port), '--json', '--warmup', '0'] + ([] if '--nqn' in args else ['--nqn', NQN]) + shlex.split(args)
    r = subprocess.run(cmd, capture_output=True, text=True, timeout=120)
    ok, what = r.returncode == want and find in r.stderr, ''
    if ok and want == 0:
        d = json.loads(r.stdout)
        v = d.get('verify')
        ok = d['errors'] == 0 and (not v or v['ok'] > 0 and v['bad'] == 0)
        what = f'{d["ios"]} I/Os' + (f', {v["ok"]} blocks verified' if v else '')
    failed += not ok
    print(f'{"ok  " if ok else "FAIL"} {args:75} {what or r.stderr.strip()[:150]}', flush=True)
    if not ok:
        print(r.returncode, r.stderr, r.stdout)


def ceiling(args):
    print(f'-- ceiling {args}')
    p = subprocess.Popen([os.path.join(KIT, 'ceiling'), '--port', str(PORT), '--size', '64m'] + shlex.split(args), stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(('127.0.0.1', PORT)).close()
            return p
        except OSError:
            time.sleep(0.1)
    sys.exit('ceiling does not start')


os.makedirs(KIT, exist_ok=True)
for name in ('nvmeload', 'ceiling'):
    subprocess.run(['cc', '-O2', '-Wall', '-Wextra', '-o', os.path.join(KIT, name), os.path.join(SOURCES, name + '.c')], check=True)
shapes = ['--rw randrw --bs 4k --qd 32', '--rw randrw --bs 4k --qd 16 --conns 3 --hdgst', '--rw rw --bs 64k --qd 8 --hdgst --ddgst',
          '--rw randrw --bs 128k --qd 8 --ddgst --conns 2', '--rw write --bs 1m --qd 4', '--rw randrw --bs 4k --qd 32 --no-incapsule --hdgst --ddgst',
          '--rw randrw --bs 16k --qd 5 --no-sqflow', '--rw randrw --bs 8k --qd 64 --span 2m --spin']
for srv in ('', '--block 512 --cpda 31 --maxh2c 8k --incapsule 16k --spin', '--cpda 3 --maxh2c 4k --incapsule 0 --flush 1', '--rxbuf 4096 --sndbuf 4096 --incapsule 64k'):
    p = ceiling(srv)
    try:
        for s in ('--rw write --bs 128k --qd 8 --ddgst', '--rw randrw --bs 20k --qd 16 --hdgst --ddgst', '--rw randwrite --bs 4k --ddgst'):
            load(s + ' --runtime 0.2')                          # payload from the shared pool, with kept digests
        for s in shapes + (['--rw randrw --bs 512 --qd 32'] if '--block 512' in srv else []):
            load(s + ' --verify --runtime 0.3')
        l = proxy(True, False)
        load('--rw write --bs 32k --qd 4 --ddgst --runtime 0.2', PROXY)
        for s in shapes[:7]:
            load(s.replace('1m', '256k') + ' --verify --runtime 0.3 --rxbuf 4k --span 4m', PROXY)
        l.shutdown(socket.SHUT_RDWR); l.close()
    finally:
        p.terminate()
        p.wait()
p = ceiling('')
try:
    load('--rw randread --runtime 0.3 --server-pid %d' % p.pid)
    load('--rw randread --runtime 3.3 --kato 1000 --qd 1')
    l = proxy(False, True)
    load('--rw write --bs 256k --runtime 0.2 --verify --span 32m', PROXY, 3, 'content damaged')
    load('--rw write --bs 256k --runtime 0.2 --verify')
    load('--rw read --bs 1m --runtime 1 --ddgst', PROXY, 1, 'data digest error')
    l.shutdown(socket.SHUT_RDWR); l.close()
    load('--nqn nqn.2024-01.other:x', want=1, find='Connect')
    load('--bs 2m', want=2)
    load('--nsid 7', want=1, find='namespace 7')
    load('--rw sideways', want=2)
finally:
    p.terminate()
    p.wait()
load('--rw randread', want=1, find='refused')
print('all good' if not failed else f'{failed} FAILED')
sys.exit(failed != 0)
