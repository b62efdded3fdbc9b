import Primitives

/// A checkpoint that its log signed. Nothing becomes one except by `verify`, or from one by `adding`.
package struct VerifiedCheckpoint: Hashable, Sendable {
    package let checkpoint: Checkpoint
    /// The note it stands in, with all its lines, also those of strangers.
    package let note: SignedNote
    package let log: NoteKey

    fileprivate init(checkpoint: Checkpoint, note: SignedNote, log: NoteKey) {
        self.checkpoint = checkpoint
        self.note = note
        self.log = log
    }

    package var head: TreeHead { checkpoint.head }

    /// Throws `log/malformed-note`; and as `verify` of a `SignedNote`.
    package static func verify(_ note: [UInt8], log: NoteKey) throws(LogFault) -> VerifiedCheckpoint {
        try verify(SignedNote(decoding: note), log: log)
    }

    /// Throws as `Checkpoint.init(decoding:)`; `log/other-origin` unless it is a checkpoint of the log that is called
    /// as the key is, since the key could sign for others too; `log/unsigned` without a line of `log`'s;
    /// `log/bad-signature` when any line of `log`'s does not hold, whatever another one says.
    package static func verify(_ note: SignedNote, log: NoteKey) throws(LogFault) -> VerifiedCheckpoint {
        let checkpoint = try Checkpoint(decoding: note.text)
        guard checkpoint.origin == log.name else {
            throw LogFault(.otherOrigin, found: checkpoint.origin.description, expected: log.name.description)
        }
        var verified: NoteSignature?
        for signature in note.signatures where log.kind == .log && signature.isNamed(log) && signature != verified {
            guard signature.isValid(for: note.text, by: log) else {
                throw LogFault(.badSignature, at: log.name.description)
            }
            verified = signature
        }
        guard verified != nil else {
            throw LogFault(.unsigned, expected: "a signature of \(log.vkey)")
        }
        return VerifiedCheckpoint(checkpoint: checkpoint, note: note, log: log)
    }
}

/// A witness saw this checkpoint, and said so.
package struct VerifiedCosignature: Hashable, Sendable {
    package let key: NoteKey
    /// Seconds since 1970 by the witness's clock. Never negative.
    package let time: Int
    /// As it stands in the note.
    package let line: NoteSignature

    fileprivate init(key: NoteKey, time: Int, line: NoteSignature) {
        self.key = key
        self.time = time
        self.line = line
    }
}

extension VerifiedCheckpoint {
    /// What these witnesses signed, each public key once, in the order of `keys`. Lines of others are ignored.
    ///
    /// Of two cosignatures of one key the newer counts. Throws `log/bad-signature` when any line of one of the keys does
    /// not hold: whoever adds such a line to a note may have bent more.
    package func cosignatures(by keys: [NoteKey]) throws(LogFault) -> [VerifiedCosignature] {
        try cosignatures(among: note.signatures, by: keys)
    }

    /// This checkpoint with what witnesses answered: one line for each of `keys`, the newest, in the order of `keys`,
    /// after all other lines. Lines by none of `keys` are not taken over from `lines`, but are kept from this note.
    ///
    /// Throws as `cosignatures`, and `log/malformed-note` when the note would become too long.
    package func adding(_ lines: [NoteSignature], by keys: [NoteKey]) throws(LogFault) -> VerifiedCheckpoint {
        let cosignatures = try cosignatures(among: note.signatures + lines, by: keys)
        var kept: [NoteSignature] = []
        for signature in note.signatures
        where !kept.contains(signature) && !keys.contains(where: { $0.kind == .witness && signature.isNamed($0) }) {
            kept.append(signature)
        }
        let note = try SignedNote(text: note.text, signatures: kept + cosignatures.map(\.line))
        return VerifiedCheckpoint(checkpoint: checkpoint, note: note, log: log)
    }

    private func cosignatures(
        among signatures: [NoteSignature], by keys: [NoteKey]
    ) throws(LogFault) -> [VerifiedCosignature] {
        var result: [VerifiedCosignature] = []
        for key in keys where key.kind == .witness {
            guard let newest = try newestCosignature(among: signatures, by: key) else { continue }
            // One key under two names is one witness.
            if let index = result.firstIndex(where: { $0.key.publicKey == key.publicKey }) {
                if result[index].time < newest.time { result[index] = newest }
            } else {
                result.append(newest)
            }
        }
        return result
    }

    private func newestCosignature(
        among signatures: [NoteSignature], by key: NoteKey
    ) throws(LogFault) -> VerifiedCosignature? {
        var newest: VerifiedCosignature?
        for signature in signatures where signature.isNamed(key) && signature != newest?.line {
            guard let cosignature = signature.cosignature(of: note.text, by: key) else {
                throw LogFault(.badSignature, at: key.name.description)
            }
            if cosignature.time > newest?.time ?? -1 {
                newest = VerifiedCosignature(key: key, time: cosignature.time, line: signature)
            }
        }
        return newest
    }
}
