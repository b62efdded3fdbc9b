import CanonicalJSON
import Primitives

/// How much an audit looked at.
package struct AuditCounts: Hashable, Sendable {
    package var roots = 0
    package var snapshots = 0
    /// Files in `metadata/` that were read.
    package var metadataFiles = 0
    /// Signatures that were needed and found valid.
    package var signatures = 0
    package var releases = 0
    /// Different targets that metadata lists.
    package var targets = 0
    /// Targets that were read from end to end and hashed.
    package var targetsHashed = 0
    /// Bytes read, metadata and targets together.
    package var bytes = 0

    package init() {}
}

/// What an audit found, and what it did not look at.
package struct AuditReport: Sendable {
    package enum Verdict: String, Sendable {
        /// Everything that was checked is as it should be.
        case clean
        /// Something published is wrong.
        case refused
        /// Nothing wrong was found, but not everything could be checked.
        case incomplete
    }

    package let source: String
    package let full: Bool
    package var counts = AuditCounts()
    package var findings: [AuditFinding] = []
    /// Worth knowing, and nothing wrong; they do not change the verdict.
    package var notes: [AuditFinding] = []
    /// The log, when root names one and its checkpoint can be read.
    package var log: LogFacts?
    /// The audit ended early, because there were too many findings or because the server is out of reach.
    package var endedEarly = false
    /// What this audit leaves out by its nature, in words.
    package var notChecked: [String] = []

    package init(source: String, full: Bool) {
        self.source = source
        self.full = full
    }

    package var verdict: Verdict {
        if findings.contains(where: { $0.family == .refusal }) { return .refused }
        return findings.isEmpty && !endedEarly ? .clean : .incomplete
    }

    package var exitStatus: Int32 {
        switch verdict {
        case .clean: 0
        case .refused: FaultFamily.refusal.exitStatus
        case .incomplete: FaultFamily.transport.exitStatus
        }
    }

    /// The report as `--json` prints it; a command adds the time that it took.
    package var json: JSONObject {
        [
            "source": .string(ByteString(source)), "full": .bool(full),
            "counts": .object(counts.json), "log": log.map { .object($0.json) } ?? .null,
            "findings": .array(findings.map { .object($0.json(family: $0.family.rawValue)) }),
            "notes": .array(notes.map { .object($0.json(family: "note")) }),
            "ended_early": .bool(endedEarly), "not_checked": .array(notChecked.map { .string(ByteString($0)) }),
            "verdict": .string(ByteString(verdict.rawValue)),
        ]
    }
}

extension AuditCounts {
    fileprivate var json: JSONObject {
        func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        return [
            "roots": number(roots), "snapshots": number(snapshots), "metadata_files": number(metadataFiles),
            "signatures": number(signatures), "releases": number(releases), "targets": number(targets),
            "targets_hashed": number(targetsHashed), "bytes": number(bytes),
        ]
    }
}

extension Fault where Code == AuditFindingCode {
    fileprivate func json(family: String) -> JSONObject {
        var object: JSONObject = [
            "code": .string(ByteString(codeText)), "family": .string(ByteString(family)),
            "message": .string(ByteString(message)),
        ]
        for (name, value) in [("found", found), ("expected", expected), ("location", location)] {
            if let value { object[ByteString(name)] = .string(ByteString(value)) }
        }
        return object
    }
}
