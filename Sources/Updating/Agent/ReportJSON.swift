import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TransparencyLog
import UpdatePlan

// The reports as JSON: names in snake_case, times RFC 3339 UTC, digests lower-case hexadecimal. Scripts rely on them.

extension JSONValue {
    fileprivate static func text(_ text: (some CustomStringConvertible)?) -> JSONValue {
        text.map { .string(ByteString($0.description)) } ?? .null
    }

    fileprivate static func time(_ date: Date?) -> JSONValue { text(date.map(UTCTime.encode)) }
    fileprivate static func number(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
}

extension Installation {
    package var json: JSONValue {
        [
            "version": .text(version), "tree_sha256": .text(tree), "since": .time(since), "previous": .text(previous),
            "reverted_from": .text(revertedFrom),
        ]
    }
}

extension ReleaseFacts {
    package var json: JSONValue {
        ["version": .text(version), "severity": .text(severity), "time": .time(time)]
    }
}

extension [WithdrawalNotice] {
    package var json: JSONValue {
        .array(
            map {
                [
                    "version": .text($0.version), "reason": .string($0.withdrawal.reason),
                    "time": .time($0.withdrawal.time), "successor": .text($0.successor),
                    "successor_is_older": .bool($0.successorIsOlder),
                ]
            })
    }
}

extension [MirrorComplaint] {
    package var json: JSONValue {
        .array(
            map { ["mirror": .text($0.mirror), "code": .text($0.fault.codeText), "message": .text($0.fault.message)] })
    }
}

extension Delivery {
    package var json: JSONValue { ["by": .text(way.rawValue), "bytes": .number(bytes)] }
}

extension CheckReport {
    package var json: JSONObject {
        [
            "installed": installed?.json ?? .null, "available": available?.json ?? .null,
            "download": download?.json ?? .null, "held": held.json, "not_offered": .text(notOffered?.version),
            "interrupted": interrupted?.json ?? .null,
            "not_reachable": .text(unreachable?.version),
            "withdrawn": withdrawn.json,
            "mirror_faults": complaints.json,
        ]
    }
}

extension UpdateReport {
    package var json: JSONObject {
        [
            "changed": .bool(release != nil), "from": .text(before), "installed": installed?.json ?? .null,
            "missing_shared": .array(missingShared.map { .text($0.string) }),
            "severity": .text(release?.severity), "summary": release.map { .string($0.summary) } ?? .null,
            "download": delivery?.json ?? .null, "patch_refused": .text(patchRefusal),
            "held": held.json, "trouble": troubles.json, "accepted_unwitnessed": .text(accepted),
            "withdrawn": withdrawn.json,
            "mirror_faults": complaints.json,
        ]
    }
}

extension [Trouble] {
    fileprivate var json: JSONValue { isEmpty ? .null : .text(lines) }
}

extension HeldRelease? {
    fileprivate var json: JSONValue {
        guard let self else { return .null }
        return [
            "version": .text(self.release.version), "severity": .text(self.release.severity),
            "until": .time(self.until), "reason": .text(self.waiting.reason.rawValue),
            "ready": .bool(self.waiting.isReady), "said": self.waiting.said.map { .string($0) } ?? .null,
        ]
    }
}

extension Hold? {
    fileprivate var json: JSONValue {
        guard let self else { return .null }
        return ["until": .time(self.until), "reason": .string(self.reason)]
    }
}

extension HoldReport {
    package var json: JSONObject { ["hold": hold.json, "before": before.json, "at_work": .bool(isAtWork)] }
}

extension UnderWay {
    fileprivate var json: JSONValue {
        [
            "kind": .text(step.kind.rawValue), "from": .text(step.from), "to": .text(step.to),
            "state": .text(state.rawValue), "interrupted": .bool(isInterrupted),
        ]
    }
}

extension ApprovalReport {
    package var json: JSONObject {
        [
            "approved": .text(version), "at_work": .bool(isAtWork),
            "update": update.map { .object($0.json) } ?? .null,
        ]
    }
}

extension GarbageReport {
    package var json: JSONObject {
        ["bytes": .number(bytes), "versions": .array(versions.map { .text($0) })]
    }
}

extension ConfigurationFinding {
    package var json: JSONObject {
        ["about": .text(about), "problem": .text(problem), "advice": .text(advice), "fatal": .bool(isFatal)]
    }
}

extension RevertReport {
    package var json: JSONObject {
        [
            "changed": .bool(isChange), "from": .text(before.version), "installed": installed.json,
            "trouble": troubles.json,
        ]
    }
}

extension VerifyReport {
    package var json: JSONObject {
        [
            "version": .text(version), "tree_sha256": .text(tree), "whole": .bool(differences.isEmpty),
            "listed": .bool(isListed),
            "differences": .array(
                differences.map {
                    [
                        "path": .string($0.path), "kind": .text($0.kind.rawValue), "expected": .text($0.expected),
                        "found": .text($0.found),
                    ]
                }),
        ]
    }
}

extension StatusReport {
    package var json: JSONObject {
        [
            "product": .text(product), "channel": .text(channel), "installed": installed?.json ?? .null,
            "available": available?.json ?? .null, "withdrawn": withdrawn.json,
            "held": held.json, "log": log?.json ?? .null,
            "fork_evidence": .array(forkEvidence.map { .text($0) }),
            "metadata": metadata?.json ?? .null, "last_error": lastError.map { .object($0.json) } ?? .null,
            "hold": hold.json, "approved": .text(approved), "lost": .text(lost),
            "left": .text(left?.version), "under_way": underWay?.json ?? .null,
            "last_step": lastStep.map { .object($0.json) } ?? .null, "last_run": .time(lastRun),
            "last_success": .time(lastSuccess), "undelivered_notices": .number(undelivered),
            "mirrors_aside": .array(
                mirrorsAside.map {
                    [
                        "mirror": .text($0.mirror), "code": .text($0.code), "until": .time($0.until),
                        "times": .number($0.times),
                    ]
                }),
        ]
    }
}

extension StatusReport.Log {
    package var json: JSONValue {
        [
            "origin": .text(origin), "size": .number(size), "last_cosigned": .time(lastCosigned),
            "ahead_since": .time(aheadSince), "policy": policy.map { .string($0) } ?? .null,
            "older_policies": .array(older.map { ["policy": .string($0.policy.text), "until": .time($0.until)] }),
        ]
    }
}

extension StatusReport.Metadata {
    package var json: JSONValue {
        [
            "root_version": .number(root), "timestamp_version": .number(timestamp),
            "snapshot_version": .number(snapshot), "targets_version": .number(targets),
            "channel_version": .number(channel), "expires": .time(expires), "expired": .bool(isExpired),
        ]
    }
}

extension TrustAnchor {
    package var json: JSONObject {
        ["fingerprint": .text(fingerprint), "root_version": .number(rootVersion), "already_trusted": .bool(wasPinned)]
    }
}
