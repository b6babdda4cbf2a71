"""Rebuilds what a disk may hold after a power cut, from a trace of recorder.c.

What a completed fsync covers is there. Of the rest, each write is kept, dropped or torn at a sector, and each
directory's later changes survive up to a point of their own: a rename or a new file may be lost, but what is younger
than a lost change in the same directory is lost too, as in a journalled file system.
"""

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

CREATE, WRITE, TRUNCATE, SYNC, SYNC_DIR, RENAME, UNLINK, MKDIR, LINK = range(1, 10)
HEAD = struct.Struct("<IIQQQQ")
SECTOR = 512


@dataclass
class Change:
    """One operation of the trace; `at` and `end` are its place in it, in bytes."""

    op: int
    path: str
    inode: int
    offset: int
    data: bytes
    start: int
    at: int
    end: int


def read_trace(path, begin=0):
    """The changes of a trace from the place `begin` on, in order; one that is not whole yet is left out."""
    with open(path, "rb") as trace:
        trace.seek(begin)
        raw = trace.read()
    position, changes = 0, []
    while position + HEAD.size <= len(raw):
        op, path_bytes, inode, offset, data_bytes, start = HEAD.unpack_from(raw, position)
        body = position + HEAD.size
        end = body + path_bytes + data_bytes
        if end > len(raw):
            break
        name, data = raw[body:body + path_bytes].decode(), raw[body + path_bytes:end]
        changes.append(Change(op, name, inode, offset, data, start, begin + position, begin + end))
        position = end
    return changes


@dataclass
class File:
    """One file by its identity: the writes to it, and up to where they are durable."""

    changes: list = field(default_factory=list)
    durable_before: int = 0


class Disk:
    """What happened up to a cut, and what of it a random power cut leaves."""

    def __init__(self, changes, cut):
        self.files, self.names, self.durable_names = {}, [], {}
        generation = {}  # inode number -> File; a number can be used again after a delete
        for change in changes:
            if change.end > cut:
                break
            if change.op == CREATE:
                generation[change.inode] = self.files[(change.inode, change.at)] = File()
                self.names.append((change, generation[change.inode]))
            elif change.op in (WRITE, TRUNCATE):
                generation.setdefault(change.inode, File()).changes.append(change)
            elif change.op == SYNC:
                file = generation.setdefault(change.inode, File())
                file.durable_before = max(file.durable_before, change.start)
            elif change.op == SYNC_DIR:
                self.durable_names[change.path] = max(self.durable_names.get(change.path, 0), change.start)
            else:
                self.names.append((change, None))

    def write(self, root, target, rng):
        """Writes one possible disk below `target`, which stands for `root`."""
        root, target = str(root), Path(target)
        target.mkdir(parents=True, exist_ok=True)
        for path, file in self._surviving_names(rng).items():
            place = target / path[len(root):].lstrip("/")
            if file is None:
                place.mkdir(parents=True, exist_ok=True)
            elif not path.endswith("-shm"):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(self._surviving_bytes(file, rng))
                # The trace has no modes; a server's own files are its owner's.
                place.chmod(0o600)

    def _surviving_names(self, rng):
        folders = {}
        for change, _ in self.names:
            folders.setdefault(self._folder(change), []).append(change.at)
        limits = {}
        for folder, places in folders.items():
            loose = [at for at in places if at >= self.durable_names.get(folder, 0)]
            limits[folder] = rng.choice(loose + [float("inf")]) if loose else float("inf")
        names = {}
        for change, file in self.names:
            if change.at >= limits[self._folder(change)]:
                continue
            if change.op == CREATE:
                names[change.path] = file
            elif change.op == MKDIR:
                names[change.path] = None
            elif change.op == UNLINK:
                names.pop(change.path, None)
            elif change.op == LINK:
                before, after = change.path.split("\n")
                if before in names:
                    names[after] = names[before]
            elif change.op == RENAME:
                before, after = change.path.split("\n")
                moved = {p: f for p, f in names.items() if p == before or p.startswith(before + "/")}
                for path in moved:
                    del names[path]
                names.update({after + p[len(before):]: f for p, f in moved.items()})
        return names

    @staticmethod
    def _folder(change):
        return change.path.split("\n")[-1].rsplit("/", 1)[0]

    @staticmethod
    def _surviving_bytes(file, rng):
        content = bytearray()
        for change in file.changes:
            data, is_durable = change.data, change.at < file.durable_before
            if change.op == TRUNCATE:
                if is_durable or rng.random() < 0.5:
                    del content[change.offset:]
                    content.extend(bytes(change.offset - len(content)))
                continue
            if not is_durable:
                fate = rng.random()
                if fate < 0.4:
                    continue
                if fate < 0.7:
                    sectors = rng.randrange(len(data) // SECTOR + 1)
                    data = data[:sectors * SECTOR]
            end = change.offset + len(data)
            if len(content) < end:
                content.extend(bytes(end - len(content)))
            content[change.offset:end] = data
        return bytes(content)
