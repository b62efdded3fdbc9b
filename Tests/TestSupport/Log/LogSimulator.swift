import FoundationEssentials
import Primitives
import Signatures
import SystemPackage

/// A transparency log in memory that a test can bend: append entries, have checkpoints cosigned at given times, serve the
/// files or write them to a folder, and fork it, or show an older state again.
///
/// Everything is put together from the specifications (tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature,
/// tlog-proof), not with the module under test. The keys are test keys, the same in every run.
///
///     let log = LogSimulator()
///     repository.requireWitnesses(log.policy(2))
///     repository.publishRoot()
///     log.record(repository)
///     log.publish(at: RepositorySimulator.now)
package final class LogSimulator {
    package let origin: ByteString
    package let key: TestKey
    /// Who is asked for cosignatures, in the order of their lines.
    package var witnesses: [SimulatedWitness]
    package private(set) var entries: [[UInt8]] = []
    package private(set) var tree = SimulatedTree()
    /// What is published, by path: `log/checkpoint`, `log/tile/0/000.p/3` … Partial tiles of former sizes stay.
    package var files: [String: [UInt8]] = [:]
    /// Every checkpoint published, oldest first, with its cosignatures.
    package private(set) var notes: [[UInt8]] = []
    private var publishedSize = 0

    /// What to do to a file before it is served, by path; nil withholds it.
    package var bend: [String: ([UInt8]) -> [UInt8]?] = [:]
    /// Every path that was asked for with `serve`, in order.
    package var requests: [String] = []

    /// - Parameter witnesses: how many, named `w1`, `w2` …
    package init(origin: ByteString = "sceau-log/suite/0011223344556677", witnesses count: Int = 3) {
        self.origin = origin
        key = TestKey("log \(origin)")
        witnesses = (0..<count).map { SimulatedWitness("w\($0 + 1)") }
    }

    private init(_ other: LogSimulator, keeping size: Int) {
        (origin, key, witnesses) = (other.origin, other.key, other.witnesses)
        for entry in other.entries.prefix(size) { append(entry) }
        publishedSize = 0
        bend = other.bend
    }

    package var size: Int { entries.count }
    package var vkey: ByteString { key.vkey(origin, .log) }

    // MARK: policy

    /// Any `quorum` of the witnesses, or of those given.
    package func policy(_ quorum: Int, of chosen: [SimulatedWitness]? = nil) -> ByteString {
        let chosen = chosen ?? witnesses
        let group = "group enough \(quorum) " + chosen.map(\.label).joined(separator: " ")
        return policy(witnesses: chosen, groups: [group], quorum: "enough")
    }

    /// The text of a policy with these `group` lines.
    package func policy(witnesses chosen: [SimulatedWitness], groups: [String], quorum: String) -> ByteString {
        let named = chosen.map { "witness \($0.label) \($0.vkey)" + ($0.url.map { " \($0)" } ?? "") }
        return ByteString((["log \(vkey)"] + named + groups + ["quorum \(quorum)"]).map { $0 + "\n" }.joined())
    }

    // MARK: entries

    /// Any bytes at all; publish afterwards. The index of the entry.
    @discardableResult
    package func append(_ entry: [UInt8]) -> Int {
        entries.append(entry)
        tree.append(entry)
        return entries.count - 1
    }

    /// An entry as the format has it, with the right digest.
    @discardableResult
    package func append(_ kind: String, _ role: ByteString, _ version: String, _ content: [UInt8]) -> Int {
        append(Self.entry(kind, role, version, content))
    }

    package static func entry(_ kind: String, _ role: ByteString, _ version: String, _ content: [UInt8]) -> [UInt8] {
        Array("sceau-log/1 \(kind) \(role) \(version) \(Digest.sha256(of: content).hex)\n".utf8) + content
    }

    /// Whether the tree of `size` begins with the one that a witness saw.
    func continues(_ last: SimulatedWitness.Seen, to size: Int) -> Bool {
        last.size <= size && tree.root(of: last.size) == last.root
    }

    // MARK: checkpoints

    /// The text of the checkpoint of a size, which defaults to the whole log.
    package func checkpointText(size: Int? = nil) -> [UInt8] {
        let size = size ?? self.size
        return origin.bytes + Array("\n\(size)\n\(TestKey.base64(tree.root(of: size).bytes))\n".utf8)
    }

    /// A checkpoint signed by the log and by every witness that is willing. Nothing is published by this.
    package func cosigned(size: Int? = nil, at time: Date) -> [UInt8] {
        let text = checkpointText(size: size)
        let logLine = key.noteLine(origin, over: text)
        let lines = witnesses.compactMap {
            $0.cosign(text, signedBy: logLine, of: self, size: size ?? self.size, at: time)
        }
        return text + [UInt8(ascii: "\n")] + logLine + lines.joined()
    }

    /// A `.tlog-proof` of an entry in the tree of a note's checkpoint.
    package func proof(of index: Int, size: Int? = nil, note: [UInt8]) -> [UInt8] {
        let hashes = tree.inclusion(of: index, in: size ?? self.size).map { TestKey.base64($0.bytes) + "\n" }
        return Array("c2sp.org/tlog-proof@v1\nindex \(index)\n\(hashes.joined())\n".utf8) + note
    }

    // MARK: publishing

    /// Bundles, tiles, checkpoint and the proofs of new entries, as of now. Without new entries this renews the
    /// cosignatures.
    ///
    /// - Parameter proofs: false for logs of so many entries that nobody wants a file for each.
    package func publish(at time: Date, proofs: Bool = true) {
        let note = cosigned(at: time)
        publishTiles(from: publishedSize)
        for index in proofs ? publishedSize..<size : 0..<0 {
            files[Self.proofPath(ofContent: Self.content(of: entries[index]))] = proof(of: index, note: note)
        }
        publishedSize = size
        publishCheckpoint(note)
    }

    /// Shows this note, whatever it is, as the log's checkpoint.
    package func publishCheckpoint(_ note: [UInt8]) {
        files["log/checkpoint"] = note
        notes.append(note)
    }

    /// Where the proof of a logged file lies.
    package static func proofPath(ofContent content: [UInt8]) -> String {
        "log/proofs/\(Digest.sha256(of: content).hex).tlog-proof"
    }

    /// What follows the header line; all of an entry without one.
    private static func content(of entry: [UInt8]) -> [UInt8] {
        guard entry.starts(with: Array("sceau-log/1 ".utf8)), let end = entry.firstIndex(of: UInt8(ascii: "\n")) else {
            return entry
        }
        return Array(entry[(end + 1)...])
    }

    private func publishTiles(from old: Int) {
        for (index, width) in Self.tiles(from: old, to: size) {
            let range = 256 * index..<256 * index + width
            files["log/tile/entries/" + Self.tileName(index, width)] = entries[range].flatMap { entry in
                [UInt8(entry.count >> 8), UInt8(entry.count & 0xff)] + entry
            }
        }
        for level in 0... {
            let (old, new) = (old >> (8 * level), size >> (8 * level))
            if new == 0 { break }
            for (index, width) in Self.tiles(from: old, to: new) {
                files["log/tile/\(level)/" + Self.tileName(index, width)] = tree.tile(
                    level: level, index: index, width: width)
            }
        }
    }

    /// The tiles that a level of `new` hashes has and one of `old` had not.
    private static func tiles(from old: Int, to new: Int) -> [(index: Int, width: Int)] {
        guard old < new else { return [] }
        let full = (old / 256..<new / 256).map { (index: $0, width: 256) }
        return new % 256 == 0 ? full : full + [(index: new / 256, width: new % 256)]
    }

    private static func tileName(_ index: Int, _ width: Int) -> String {
        var (rest, name) = (index, "")
        repeat {
            let digits = String(rest % 1000)
            let group = String(repeating: "0", count: 3 - digits.count) + digits
            name = name.isEmpty ? group : "x\(group)/\(name)"
            rest /= 1000
        } while rest > 0
        return width == 256 ? name : "\(name).p/\(width)"
    }

    // MARK: serving

    /// A file as a server would give it, bent; nil when there is none.
    package func serve(_ path: String) -> [UInt8]? {
        requests.append(path)
        return bentFile(path)
    }

    /// Writes everything published below `folder`, which then holds `log/`.
    package func write(to folder: FilePath) throws {
        for path in files.keys {
            guard let bytes = bentFile(path) else { continue }
            try SimulatedFile.write(bytes, to: folder.appending(FilePath(path).components))
        }
    }

    private func bentFile(_ path: String) -> [UInt8]? {
        guard let bytes = files[path] else { return nil }
        guard let bend = bend[path] else { return bytes }
        return bend(bytes)
    }
}

// MARK: a log that does what no log may

extension LogSimulator {
    /// The same log to another reader: same keys and witnesses, the first `size` entries, and nothing published yet.
    /// Honest witnesses cosign only the face that they saw first.
    package func fork(keeping size: Int) -> LogSimulator { LogSimulator(self, keeping: size) }

    /// Shows an older checkpoint again. Tiles stay: a server that goes back has no reason to delete them.
    package func rewind(to index: Int) {
        files["log/checkpoint"] = notes[index]
    }

    /// A second tree of a size, signed by the log and by witnesses that do not mind: what the last entry would have been.
    package func secondFace(lastEntry: [UInt8], at time: Date) -> [UInt8] {
        let other = fork(keeping: size - 1)
        other.append(lastEntry)
        return other.cosigned(at: time)
    }
}
