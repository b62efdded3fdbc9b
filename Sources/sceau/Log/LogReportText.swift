import CanonicalJSON
import CommandSupport
import FoundationEssentials
import Primitives
import Publishing
import TransparencyLog

extension LogReport {
    /// `2 of 3 must cosign; fresh at …, public since …`
    var standing: String {
        guard let freshAt, let publicAt else { return "\(quorum), and too few have" }
        return "\(quorum); fresh at \(UTCTime.encode(freshAt)), public since \(UTCTime.encode(publicAt))"
    }

    var table: [String] {
        var table = TextTable()
        for witness in witnesses {
            table.append([
                "\(witness.name)",
                witness.cosignedAt.map { "cosigned \(UTCTime.encode($0))" } ?? witness.answer ?? "has not cosigned",
            ])
        }
        return table.lines
    }

    /// One line about a publication.
    var sentence: String {
        let absent = missing.map { "\($0.name): \($0.answer ?? "has not cosigned")" }
        let rest = absent.isEmpty ? "" : "; \(absent.joined(separator: "; "))"
        return "\(Counted.text(size, "entry", "entries")), cosigned by "
            + cosigned.map { "\($0.name)" }.joined(separator: ", ") + rest
    }

    var object: JSONObject {
        [
            "origin": .string(key.name), "size": .integer(Int64(size)),
            "fresh_at": freshAt.map { .string(ByteString(UTCTime.encode($0))) } ?? .null,
            "public_at": publicAt.map { .string(ByteString(UTCTime.encode($0))) } ?? .null,
            "witnesses": .array(
                witnesses.map { witness in
                    [
                        "name": .string(witness.name),
                        "cosigned_at": witness.cosignedAt.map { .string(ByteString(UTCTime.encode($0))) } ?? .null,
                        "answer": witness.answer.map { .string(ByteString($0)) } ?? .null,
                    ]
                }),
        ]
    }
}
