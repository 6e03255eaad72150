"""What a hostile program can reach from inside its sandbox: itself."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.workers.conftest import Lab
from workers.sandbox.command import PROJECT


def test_it_has_no_network(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        saw = lab.saw(f"""
            def reach(family, address):
                with socket.socket(family) as connection:
                    connection.settimeout(2)
                    connection.connect(address)
                return "connected"
            finish(
                loopback=attempt(lambda: reach(socket.AF_INET, ("127.0.0.1", {port}))),
                outside=attempt(lambda: reach(socket.AF_INET, ("192.0.2.1", 80))),
                six=attempt(lambda: reach(socket.AF_INET6, ("::1", {port}))),
                raw=attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
                netlink=attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
                interfaces=open("/proc/net/dev").read(),
            )
        """)
    for name in ("loopback", "outside", "six", "raw", "netlink"):
        assert saw[name] == "EPERM"
    assert "eth" not in saw["interfaces"]


def test_it_cannot_reach_a_unix_socket_of_the_machine_but_may_use_its_own(lab: Lab) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        name = f"\0commonweight-test-{os.getpid()}"
        server.bind(name)
        server.listen()
        saw = lab.saw(f"""
            def connect(name):
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(name)
                return "connected"
            one, other = socket.socketpair()
            one.send(b"hello")
            finish(host=attempt(lambda: connect({name!r})), own=other.recv(5).decode())
        """)
    assert saw["host"] == "ECONNREFUSED"
    assert saw["own"] == "hello"


def test_it_sees_nothing_of_the_runners_environment(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_TOKEN_OF_THE_PLATFORM", "hf_very_secret")
    os.environ["DATABASE_URL_OF_THE_PLATFORM"] = "postgres://very_secret"
    try:
        saw = lab.saw("""
            everything = repr(dict(os.environ))
            for pid in os.listdir("/proc"):
                if pid.isdigit():
                    everything += repr(attempt(lambda: open(f"/proc/{pid}/environ", "rb").read()))
            finish(everything=everything, offline=os.environ["HF_HUB_OFFLINE"])
        """)
    finally:
        del os.environ["DATABASE_URL_OF_THE_PLATFORM"]
    assert "secret" not in saw["everything"]
    assert "PLATFORM" not in saw["everything"]
    assert saw["offline"] == "1"


def test_it_cannot_read_other_folders(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (lab.work / "cache").mkdir(parents=True)
    (lab.work / "cache" / "other-job.bin").write_text("secret")
    paths = [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/var",
        "/home",
        "/run",
        "/boot",
        "/sys",
        str(tmp_path / "secret.txt"),
        str(lab.work / "cache"),
        str(PROJECT / "pyproject.toml"),
        str(PROJECT / "registry"),
        str(PROJECT / ".git"),
        str(PROJECT / "var"),
        "/app/workers/runner.py",
        "/app/workers/gateway.py",
    ]
    saw = lab.saw(f"""
        def look(path):
            return os.listdir(path) if os.path.isdir(path) else open(path).read()
        finish(found={{path: attempt(lambda: look(path)) for path in {paths!r}}})
    """)
    assert set(saw["found"].values()) == {"ENOENT"}


def test_it_can_write_only_in_its_folder_and_its_own_tmp(lab: Lab) -> None:
    saw = lab.saw("""
        def write(folder):
            with open(folder + "/mark", "w") as file:
                file.write("x")
            return "written"
        folders = ["/", "/usr", "/app/workers", sys.prefix, "/etc", "/dev", "/job/in",
                   "/programs", "/proc/sys/kernel", "/job", "/job/out", "/tmp", "/dev/shm"]
        finish(found={folder: attempt(lambda: write(folder)) for folder in folders})
    """)
    found = saw["found"]
    for folder in ("/job", "/job/out", "/tmp", "/dev/shm"):
        assert found.pop(folder) == "written"
    assert set(found.values()) <= {"EROFS", "EACCES", "ENOENT"}


def test_its_inputs_are_read_only_whatever_it_tries(lab: Lab) -> None:
    saw = lab.saw("""
        finish(
            remove=attempt(lambda: os.rmdir("in")),
            rename=attempt(lambda: os.rename("in", "elsewhere")),
            mode=attempt(lambda: os.chmod("in", 0o777)),
            link=attempt(lambda: os.symlink("/etc", "in/link")),
        )
    """)
    assert {saw["remove"], saw["rename"]} <= {"EBUSY", "EROFS"}
    assert {saw["mode"], saw["link"]} <= {"EROFS", "EPERM"}


def test_kernel_settings_cannot_be_written(lab: Lab) -> None:
    saw = lab.saw("""
        paths = ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
                 "/proc/sys/user/max_user_namespaces", "/proc/sys/vm/overcommit_memory"]
        finish(found={path: attempt(lambda: os.open(path, os.O_WRONLY) and "w") for path in paths})
    """)
    assert set(saw["found"].values()) <= {"EROFS", "EACCES", "EPERM", "ENOENT"}


def test_dangerous_system_calls_are_refused(lab: Lab) -> None:
    saw = lab.saw("""
        libc = ctypes.CDLL(None, use_errno=True)
        def call(*arguments):
            numbers = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
            result = libc.syscall(*numbers)
            return result if result != -1 else errno.errorcode[ctypes.get_errno()]
        calls = (
            {"ptrace": 101, "mount": 165, "umount2": 166, "unshare": 272, "setns": 308, "bpf": 321,
             "pivot_root": 155, "chroot": 161, "keyctl": 250, "perf_event_open": 298,
             "userfaultfd": 323, "io_uring_setup": 425, "memfd_create": 319, "personality": 135,
             "process_vm_readv": 310, "open_by_handle_at": 304, "syslog": 103, "shmget": 29}
            if os.uname().machine == "x86_64" else
            {"ptrace": 117, "mount": 40, "umount2": 39, "unshare": 97, "setns": 268, "bpf": 280,
             "pivot_root": 41, "chroot": 51, "keyctl": 219, "perf_event_open": 241,
             "userfaultfd": 282, "io_uring_setup": 425, "memfd_create": 279, "personality": 92,
             "process_vm_readv": 270, "open_by_handle_at": 265, "syslog": 116, "shmget": 194}
        )
        clone = 56 if os.uname().machine == "x86_64" else 220
        finish(
            refused={name: call(number, 0, 0, 0, 0, 0) for name, number in calls.items()},
            new_user=call(clone, 0x10000000 | 17, 0, 0, 0, 0),
            new_network=call(clone, 0x40000000 | 17, 0, 0, 0, 0),
            clone3=call(435, 0, 0),
            typing=call(16 if os.uname().machine == "x86_64" else 29, 0, 0x5412, b"x"),
            thirty_two_bit=call(0x40000000 + 39) if os.uname().machine == "x86_64" else "ENOSYS",
        )
    """)
    assert set(saw["refused"].values()) == {"EPERM"}
    assert (saw["new_user"], saw["new_network"], saw["typing"]) == ("EPERM", "EPERM", "EPERM")
    assert (saw["clone3"], saw["thirty_two_bit"]) == ("ENOSYS", "ENOSYS")


def test_no_second_sandbox_can_be_made_inside(lab: Lab) -> None:
    saw = lab.saw("""
        def status(*command):
            return subprocess.run(command, capture_output=True).returncode
        finish(
            unshare=status("/usr/bin/unshare", "--user", "--map-root-user", "/usr/bin/true"),
            bwrap=status("/usr/bin/bwrap", "--ro-bind", "/", "/", "/usr/bin/true"),
        )
    """)
    assert saw["unshare"] != 0
    assert saw["bwrap"] != 0


def test_it_has_no_rights_no_descriptors_and_no_company(lab: Lab) -> None:
    saw = lab.saw("""
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        names = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
        finish(
            rights=[status[name].strip() for name in names],
            no_new=status["NoNewPrivs"].strip(),
            filter=status["Seccomp"].strip(),
            descriptors=sorted(os.listdir("/proc/self/fd")),
            processes=[pid for pid in os.listdir("/proc") if pid.isdigit()],
            standard_input=sys.stdin.read(),
            user=os.getuid(),
            host=os.uname().nodename,
        )
    """)
    assert set(saw["rights"]) == {"0000000000000000"}
    assert (saw["no_new"], saw["filter"]) == ("1", "2")
    assert saw["descriptors"] == ["0", "1", "2", "3"]  # 3 is the listing itself
    assert len(saw["processes"]) == 2
    assert saw["standard_input"] == ""
    assert saw["user"] == 65534
    assert saw["host"] == "job"


def test_memory_behind_files_is_bounded(lab: Lab) -> None:
    saw = lab.saw("""
        def fill(folder):
            size = 0
            try:
                for number in range(100):
                    with open(f"{folder}/{number}", "wb") as file:
                        size += file.write(bytes(8 << 20))
            except OSError as error:
                return errno.errorcode[error.errno], size
        finish(tmp=fill("/tmp"), shm=fill("/dev/shm"))
    """)
    for name in ("tmp", "shm"):
        reason, size = saw[name]
        assert reason == "ENOSPC"
        assert size <= 260 << 20


def test_threads_and_child_processes_work(lab: Lab) -> None:
    saw = lab.saw("""
        import concurrent.futures, multiprocessing
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            threads = sum(pool.map(abs, range(10)))
        with multiprocessing.get_context("fork").Pool(2) as pool:
            processes = sum(pool.map(abs, range(10)))
        finish(threads=threads, processes=processes)
    """)
    assert (saw["threads"], saw["processes"]) == (45, 45)
