import FoundationEssentials
import Primitives
import Signatures
import TransparencyLog

extension Look {
    /// The tree that was read: the source's, or what was known before.
    private var ours: TreeHead { state.log.edge.head }
    /// Entries that the source promises, whether they are there or not.
    private var servedSize: Int { max(ours.size, seen.first { $0.place == source.name }?.head.size ?? 0) }

    // MARK: mirrors

    func lookAtMirrors(_ log: NoteKey) throws {
        for mirror in places.mirrors {
            do {
                guard let note = try mirror.open().read(LogFiles.checkpoint, limit: SignedNote.byteLimit) else {
                    ring(.mirrorDiffers, about: mirror.name, found: "no log/checkpoint", at: mirror.name)
                    continue
                }
                let other = Seen(place: mirror.name, checkpoint: try VerifiedCheckpoint.verify(note, log: log))
                seen.append(other)
                judgeMirror(other)
            } catch let fault as any ReportableFault {
                if fault.family == .refusal {
                    ring(.mirrorDiffers, about: mirror.name, found: fault.message, at: mirror.name)
                } else {
                    notes.append("mirror \(mirror.name) is out of reach: \(fault.message)")
                }
            }
        }
    }

    private func judgeMirror(_ mirror: Seen) {
        guard mirror.head.size > servedSize else {
            if mirror.head.size < servedSize {
                notes.append("mirror \(mirror.place) is behind: \(mirror.head.size) of \(servedSize) entries")
            }
            return compareOlder(mirror)
        }
        ring(
            .mirrorDiffers, about: mirror.place, found: "\(mirror.head.size) entries",
            expected: "\(servedSize), as \(source.name) has", at: mirror.place)
    }

    // MARK: witnesses

    func lookAtWitnesses(_ policy: WitnessPolicy) throws {
        for name in places.witnesses.keys where !policy.witnesses.contains(where: { $0.name == name }) {
            throw FollowFault(.unknownWitness, found: name.description)
        }
        var ahead: [(witness: WitnessPolicy.Witness, seen: Seen)] = []
        for witness in asked(policy) {
            guard let other = lookAt(witness, policy.log) else { continue }
            seen.append(other)
            guard other.head.size > servedSize else {
                compareOlder(other)
                continue
            }
            // What it did not cosign it cannot be said to have cosigned, whoever answers at its address.
            let cosignatures = try? other.checkpoint.cosignatures(by: [witness.key])
            if cosignatures?.isEmpty == false { ahead.append((witness, other)) }
        }
        judgeAhead(ahead, policy)
    }

    /// The witnesses that instances ask for: also those of an earlier policy that still counts. Each key once.
    private func asked(_ policy: WitnessPolicy) -> [WitnessPolicy.Witness] {
        var seen: Set<[UInt8]> = []
        return ([policy] + roots.older.filter { $0.until > now }.map(\.policy)).flatMap(\.witnesses)
            .filter { seen.insert($0.key.publicKey).inserted }
    }

    private func lookAt(_ witness: WitnessPolicy.Witness, _ log: NoteKey) -> Seen? {
        guard let base = places.witnesses[witness.name] ?? witness.url?.description else {
            notes.append("witness \(witness.name): no address to look at")
            return nil
        }
        let slash = base.hasSuffix("/") ? "" : "/"
        let url = "\(base)\(slash)\(Digest.sha256(of: log.name.bytes))/checkpoint"
        do {
            guard let note = try places.fetchNote(url) else {
                notes.append("witness \(witness.name) shows no checkpoint of this log")
                return nil
            }
            let checkpoint = try VerifiedCheckpoint.verify(note, log: log)
            if try checkpoint.cosignatures(by: [witness.key]).isEmpty {
                notes.append("witness \(witness.name) shows a checkpoint that it did not cosign")
            }
            return Seen(place: "witness \(witness.name)", checkpoint: checkpoint)
        } catch {
            let message = (error as? any ReportableFault)?.message ?? "\(error)"
            notes.append("witness \(witness.name) could not be asked: \(message)")
            return nil
        }
    }

    /// Witnesses know the next tree before it is served, while a publication waits for its quorum. A quorum of them is
    /// enough to deceive somebody; fewer are not, unless it goes on for long.
    private func judgeAhead(
        _ ahead: [(witness: WitnessPolicy.Witness, seen: Seen)], _ policy: WitnessPolicy
    ) {
        guard let largest = ahead.map(\.seen).max(by: { $0.head.size < $1.head.size }) else {
            state.cosignedSince = nil
            return
        }
        let since = before.cosignedSince ?? now
        state.cosignedSince = since
        let names = ahead.map(\.witness.name.description).joined(separator: ", ")
        let isQuorum = policy.isSatisfied(by: Set(ahead.map(\.witness.key.publicKey)))
        guard isQuorum || now.timeIntervalSince(since) > Self.patience else {
            notes.append(
                "\(names) cosigned a log of \(largest.head.size) entries, which is not served yet: no quorum, so "
                    + "a publication may be waiting for one")
            return
        }
        keep(
            seen.last { $0.head == ours } ?? largest, largest,
            for: Alarm(
                .cosignedNotServed, about: "\(largest.head.size)",
                found: "\(largest.head.size) entries, cosigned by \(names)", expected: "\(servedSize), as served",
                at: source.name))
    }

    /// How long fewer than a quorum may know more than is served.
    static let patience: TimeInterval = 24 * 3600

    // MARK: what must be one log

    /// A checkpoint that is not larger than what we read must be of its beginning.
    private func compareOlder(_ other: Seen) {
        // One of our size is found with the forks.
        guard other.head.size < ours.size, hasReadLog else { return }
        do {
            let files = files
            let tiles = try TileHashes(head: ours) { id in
                guard let bytes = try files.tile(id) else { throw LogFault(.missingEntries, at: id.path.description) }
                return bytes
            }
            let root = try RightEdge(size: other.head.size) { id in try tiles.hash(id) }.head.root
            guard root != other.head.root, let newest = seen.first(where: { $0.head == ours }) else { return }
            keep(
                other, newest,
                for: Alarm(
                    .inconsistent, about: "\(other.head.size)-\(ours.size)/\(Self.roots(other, newest))",
                    found: "root \(other.head.root)",
                    expected: "root \(root) at \(other.head.size) entries", at: other.place))
        } catch let fault as LogFault {
            // Whoever withholds or bends a tile keeps us from comparing.
            let place = fault.location ?? "tiles"
            ring(
                fault.code == .missingEntries ? .unavailable : .badLog, about: "log/\(place)", found: fault.message,
                at: "\(place) of \(source.name), to compare with \(other.place)")
        } catch {
            let message = (error as? any ReportableFault)?.message ?? "\(error)"
            notes.append("\(other.place) shows an older state that could not be compared: \(message)")
        }
    }

    /// Two roots of one size among all checkpoints that were seen, whoever showed them.
    func findForks() {
        var first: [Int: Seen] = [:]
        for other in seen {
            guard let one = first[other.head.size] else {
                first[other.head.size] = other
                continue
            }
            guard one.head.root != other.head.root,
                let proof = try? ForkEvidence(one.checkpoint, other.checkpoint)
            else { continue }
            let roots = Self.roots(one, other)
            let name = "fork-\(other.head.size)-\(roots).txt"
            evidence.append(Evidence(name: name, bytes: proof.encoded))
            var alarm = Alarm(
                .forked, about: "\(other.head.size)-\(roots)", found: "root \(other.head.root) at \(other.place)",
                expected: "root \(one.head.root) at \(one.place)", at: "\(other.head.size) entries")
            alarm.evidence = [name]
            alarms.append(alarm)
        }
    }
}
