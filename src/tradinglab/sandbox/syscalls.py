"""Numbers of the system calls that the filter and the layers speak of, from the kernel's headers."""

from __future__ import annotations

from typing import Final

# fmt: off
X86_64: Final[dict[str, int]] = {
    "read": 0, "write": 1, "readv": 19, "writev": 20, "pread64": 17, "pwrite64": 18, "preadv": 295, "pwritev": 296,
    "close": 3, "close_range": 436, "fstat": 5, "stat": 4, "lstat": 6, "newfstatat": 262, "statx": 332, "lseek": 8,
    "access": 21, "faccessat": 269, "faccessat2": 439, "open": 2, "openat": 257, "openat2": 437, "getcwd": 79,
    "readlink": 89, "readlinkat": 267, "getdents": 78, "getdents64": 217, "dup": 32, "dup2": 33, "dup3": 292,
    "pipe": 22, "pipe2": 293, "mmap": 9, "munmap": 11, "mremap": 25, "madvise": 28, "brk": 12, "mprotect": 10,
    "msync": 26, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "rt_sigpending": 127,
    "rt_sigtimedwait": 128, "sigaltstack": 131, "pause": 34, "select": 23, "pselect6": 270, "poll": 7, "ppoll": 271,
    "epoll_create": 213, "epoll_create1": 291, "epoll_ctl": 233, "epoll_wait": 232, "epoll_pwait": 281,
    "epoll_pwait2": 441, "eventfd": 284, "eventfd2": 290, "futex": 202, "futex_waitv": 449, "set_robust_list": 273,
    "get_robust_list": 274, "rseq": 334, "membarrier": 324, "set_tid_address": 218, "restart_syscall": 219,
    "sched_yield": 24, "sched_getaffinity": 204, "getpid": 39, "gettid": 186, "getppid": 110, "getuid": 102,
    "geteuid": 107, "getgid": 104, "getegid": 108, "getpgrp": 111, "getpgid": 121, "getsid": 124, "getgroups": 115,
    "getresuid": 118, "getresgid": 120, "getrandom": 318, "clock_gettime": 228, "clock_getres": 229,
    "clock_nanosleep": 230, "nanosleep": 35, "gettimeofday": 96, "time": 201, "times": 100, "getitimer": 36,
    "setitimer": 38, "alarm": 37, "uname": 63, "sysinfo": 99, "getrusage": 98, "getrlimit": 97, "getcpu": 309,
    "exit": 60, "exit_group": 231, "kill": 62, "tgkill": 234, "prlimit64": 302, "fcntl": 72, "ioctl": 16,
    "prctl": 157, "clone": 56, "clone3": 435, "seccomp": 317, "landlock_create_ruleset": 444,
    "landlock_add_rule": 445, "landlock_restrict_self": 446, "pivot_root": 155,
}

AARCH64: Final[dict[str, int]] = {
    "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67, "pwrite64": 68, "preadv": 69, "pwritev": 70,
    "close": 57, "close_range": 436, "fstat": 80, "newfstatat": 79, "statx": 291, "lseek": 62, "faccessat": 48,
    "faccessat2": 439, "openat": 56, "openat2": 437, "getcwd": 17, "readlinkat": 78, "getdents64": 61, "dup": 23,
    "dup3": 24, "pipe2": 59, "mmap": 222, "munmap": 215, "mremap": 216, "madvise": 233, "brk": 214, "mprotect": 226,
    "msync": 227, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "rt_sigpending": 136,
    "rt_sigtimedwait": 137, "sigaltstack": 132, "pselect6": 72, "ppoll": 73, "epoll_create1": 20, "epoll_ctl": 21,
    "epoll_pwait": 22, "epoll_pwait2": 441, "eventfd2": 19, "futex": 98, "futex_waitv": 449, "set_robust_list": 99,
    "get_robust_list": 100, "rseq": 293, "membarrier": 283, "set_tid_address": 96, "restart_syscall": 128,
    "sched_yield": 124, "sched_getaffinity": 123, "getpid": 172, "gettid": 178, "getppid": 173, "getuid": 174,
    "geteuid": 175, "getgid": 176, "getegid": 177, "getpgid": 155, "getsid": 156, "getgroups": 158,
    "getresuid": 148, "getresgid": 150, "getrandom": 278, "clock_gettime": 113, "clock_getres": 114,
    "clock_nanosleep": 115, "nanosleep": 101, "gettimeofday": 169, "times": 153, "getitimer": 102, "setitimer": 103,
    "uname": 160, "sysinfo": 179, "getrusage": 165, "getrlimit": 163, "getcpu": 168, "exit": 93, "exit_group": 94,
    "kill": 129, "tgkill": 131, "prlimit64": 261, "fcntl": 25, "ioctl": 29, "prctl": 167, "clone": 220,
    "clone3": 435, "seccomp": 277, "landlock_create_ruleset": 444, "landlock_add_rule": 445,
    "landlock_restrict_self": 446, "pivot_root": 41,
}
# fmt: on

#: The newest call that was known when these were written; later ones are answered with "no such call".
LAST_KNOWN: Final = 450
