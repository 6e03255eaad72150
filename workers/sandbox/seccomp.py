"""The system-call filter of a sandboxed program, as classic-BPF bytes.

Bubblewrap loads these bytes just before it starts the program. The filter allows by default and
denies a list: an allow-list breaks with each release of libc, torch or a driver. Namespaces and
the missing capabilities are the real walls; this makes the kernel behind them smaller.
"""

from __future__ import annotations

import errno
import os
import struct

# name: (number on x86-64, number on aarch64 or None where it has none)
DENIED: dict[str, tuple[int, int | None]] = {
    # other processes' memory and descriptors
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # large kernel surfaces that training does not need
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "syslog": (103, 116),
    # mounts, roots and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "setns": (308, 268),
    "unshare": (272, 97),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    # the machine itself
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    # memory that the watchdog over the group's resident pages would not see
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "vmsplice": (278, 75),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
# Denied as well, except to a program with a CUDA device: the driver places and shares memory.
DENIED_WITHOUT_CUDA: dict[str, tuple[int, int | None]] = {
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "memfd_create": (319, 279),
}
SOCKET = (41, 198)
SOCKETPAIR = (53, 199)
CLONE = (56, 220)
CLONE3 = (435, 435)
IOCTL = (16, 29)

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
NEW_NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS … CLONE_NEWNET
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # both type into somebody else's terminal
AF_UNIX = 1
X32_BIT = 0x40000000

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24  # low halves of the words

Instruction = tuple[int, int, int, int]


def filter_bytes(*, cuda: bool = False, machine: str | None = None) -> bytes:
    """The whole program: 8-byte instructions, in this machine's byte order."""
    machine = machine or os.uname().machine
    if machine not in ARCHITECTURES:
        raise NotImplementedError(
            f"There is no system-call filter for {machine}; jobs run on x86_64 and aarch64."
        )
    column, audit = ARCHITECTURES[machine]
    program = _preamble(audit)
    denied = DENIED if cuda else DENIED | DENIED_WITHOUT_CUDA
    for numbers in denied.values():
        number = numbers[column]
        if number is not None:
            program += [(EQUAL, 0, 1, number), _refuse(errno.EPERM)]
    # libc falls back to clone, whose flags a filter can read
    program += [(EQUAL, 0, 1, CLONE3[column]), _refuse(errno.ENOSYS)]
    program += _deny_by_argument(CLONE[column], FIRST_ARGUMENT, ANY_BIT, [NEW_NAMESPACE_FLAGS])
    program += _deny_by_argument(IOCTL[column], SECOND_ARGUMENT, EQUAL, [TIOCSTI, TIOCLINUX])
    for numbers in (SOCKET, SOCKETPAIR):
        program += _only_unix_sockets(numbers[column])
    program.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _preamble(audit: int) -> list[Instruction]:
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, audit),
        (RETURN, 0, 0, KILL),  # 32-bit calls carry other numbers
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32_BIT),
        _refuse(errno.ENOSYS),
    ]


def _refuse(code: int) -> Instruction:
    return (RETURN, 0, 0, 0x00050000 | code)


def _deny_by_argument(
    number: int, argument: int, test: int, values: list[int]
) -> list[Instruction]:
    """Refuse the call when the low 32 bits of an argument meet any of the values."""
    body: list[Instruction] = [(LOAD, 0, 0, argument)]
    for value in values:
        body += [(test, 0, 1, value), _refuse(errno.EPERM)]
    body.append((RETURN, 0, 0, ALLOW))
    return [(EQUAL, 0, len(body), number), *body]


def _only_unix_sockets(number: int) -> list[Instruction]:
    body: list[Instruction] = [
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 1, 0, AF_UNIX),
        _refuse(errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return [(EQUAL, 0, len(body), number), *body]
