"""A small file system of one's own, to be filled."""
import errno
import os
import shutil
import subprocess
import sys
import tempfile

from harness import server_user, skip


class SmallDisk:
    """A tmpfs of so many MiB. Without root the whole test starts again in a user namespace."""

    def __init__(self, mebibytes):
        if os.geteuid() != 0:
            if subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL,
                              check=False).returncode:
                skip("neither root nor user namespaces: no file system to fill")
            sys.exit(subprocess.run(["unshare", "-rm", sys.executable, sys.argv[0]],
                                    check=False).returncode)
        self.mebibytes = mebibytes
        self.path = tempfile.mkdtemp(prefix="tenterhook-disk-")
        self.ballast = os.path.join(self.path, "ballast")

    def mount(self, options, *place):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", options, *place, self.path],
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def __enter__(self):
        if not self.mount(f"size={self.mebibytes}m,mode=755", "tmpfs"):
            os.rmdir(self.path)
            skip("no file system can be mounted here")
        try:
            os.chown(self.path, server_user().pw_uid, server_user().pw_gid)
        except OSError:  # in a user namespace there is root alone, and nobody to become
            self.__exit__()
            skip("a user namespace without the server's user")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def fill(self, leave):
        """A file that leaves so many bytes, whoever else writes at that moment."""
        with open(self.ballast, "wb") as file:
            while True:
                state = os.statvfs(self.path)
                try:
                    os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - leave)
                    return
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    os.ftruncate(file.fileno(), 0)

    def make_room(self):
        """Removes that file, or makes the disk larger."""
        if os.path.exists(self.ballast):
            os.unlink(self.ballast)
        else:
            self.mebibytes += 8
            self.mount(f"remount,size={self.mebibytes}m", "tmpfs")


def replace(path):
    """Another file with the same content."""
    owner = os.stat(path)
    shutil.copyfile(path, path + ".copy")
    os.chown(path + ".copy", owner.st_uid, owner.st_gid)
    os.rename(path + ".copy", path)


# What people and programs do to the files beside a journal that is in use.
LOG_ACCIDENTS = {
    "the log is removed": lambda journal: os.unlink(journal + "-wal"),
    "its index is removed": lambda journal: os.unlink(journal + "-shm"),
    "both are removed": lambda journal: (os.unlink(journal + "-wal"), os.unlink(journal + "-shm")),
    "the log is replaced": lambda journal: replace(journal + "-wal"),
    "its index is replaced": lambda journal: replace(journal + "-shm"),
    "the log is cut": lambda journal: os.truncate(journal + "-wal", 0),
    "the log is cut in the middle": lambda journal: os.truncate(journal + "-wal",
                                                                32 + 3 * 4120 + 2000),}


# As a container is given a directory, and as the sandbox of a unit makes one read-only.
GIVEN = """mount --bind "$1" /mnt && mount -t tmpfs -o mode=755 none "$1" &&
    cp -a /mnt/. "$1" && chmod --reference=/mnt "$1" && mount -o remount,bind,ro "$1" &&
    shift && unset INVOCATION_ID && exec "$@" """
SANDBOX = """mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift &&
    unset INVOCATION_ID && exec "$@" """


def read_only(directory, *command, script=GIVEN):
    """What the command says where that directory is a read-only mount."""
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c",
             script, "sh", directory]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        skip("nothing can be mounted here")
    return subprocess.run([*alone, *command], capture_output=True, text=True, check=False)
