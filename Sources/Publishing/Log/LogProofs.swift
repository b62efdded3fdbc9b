import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

extension LogKeeper {
    /// Writes a proof for every entry that is not live yet, with the checkpoint as it is cosigned now. One that is there
    /// and holds is never replaced: it says since when its entry has been public. Those of roots stay when they are of a
    /// former log: they lead from root to root.
    func publishProofs() throws {
        let hashes = try hashes()
        let checkpoint = try checkpoint()
        for bundle in try BundleID.needed(from: liveSize, size: state.size) {
            let entries = try EntryBundle.decode(file(bundle.path), width: bundle.width)
            for (offset, entry) in entries.enumerated() where bundle.firstEntry + offset >= liveSize {
                let index = bundle.firstEntry + offset
                let proof = TlogProof(
                    inclusion: try ProofBuilder.inclusion(of: index, in: state.size) { try hashes.hash($0) },
                    note: checkpoint.note)
                try publish(proof, of: LogEntry(decoding: entry), leaf: MerkleHash.leaf(entry))
            }
        }
    }

    private func publish(_ proof: TlogProof, of entry: LogEntry, leaf: Digest) throws {
        let place = LogPaths.proof(of: entry.digest, in: live)
        let present = try storage.readIfPresent(place, limit: TlogProof.byteLimit)
        if let present, holds(present, leaf, isRoot: entry.kind == .root) { return }
        try storage.makeDirectory(place.folder)
        try storage.write(proof.encoded, to: place)
    }

    private func holds(_ bytes: [UInt8], _ leaf: Digest, isRoot: Bool) -> Bool {
        guard let proof = try? TlogProof(decoding: bytes) else { return false }
        return ([key] + (isRoot ? former : [])).contains { log in
            guard let checkpoint = try? VerifiedCheckpoint.verify(proof.note, log: log) else { return false }
            return (try? proof.inclusion.check(leaf: leaf, in: checkpoint.head)) != nil
        }
    }
}
