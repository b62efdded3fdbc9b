import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

/// An instance's numbers in the text format of Prometheus. Pure.
package enum Metrics {
    package static func text(of status: StatusReport, at now: Date) -> String {
        let labels = labels(status.product, status.channel)
        return gauges(status, now).map { gauge in
            let name = "sceau_agent_\(gauge.name)"
            let lines = gauge.samples.map { sample in
                "\(name){\(text(labels + sample.labels))} \(sample.value)\n"
            }
            return lines.isEmpty ? "" : "# HELP \(name) \(gauge.help)\n# TYPE \(name) gauge\n" + lines.joined()
        }.joined()
    }

    /// What each line says of the instance that it is about.
    static func labels(_ product: ProductName, _ channel: ChannelName) -> [(String, String)] {
        [("product", product.description), ("channel", channel.description)]
    }

    static func text(_ labels: [(String, String)]) -> String {
        labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
    }

    private struct Sample {
        var labels: [(String, String)] = []
        let value: Int
    }

    private struct Gauge {
        let name: String
        let help: String
        let samples: [Sample]

        init(_ name: String, _ help: String, _ value: Int?) {
            (self.name, self.help) = (name, help)
            samples = value.map { [Sample(value: $0)] } ?? []
        }

        init(_ name: String, _ help: String, _ labels: [(String, String)], _ isThere: Bool = true) {
            (self.name, self.help) = (name, help)
            samples = isThere ? [Sample(labels: labels, value: 1)] : []
        }
    }

    private static func gauges(_ status: StatusReport, _ now: Date) -> [Gauge] {
        let (installed, last) = (status.installed, status.lastStep)
        return [
            Gauge("installed_info", "The installed release.", [("version", installed.map { "\($0.version)" } ?? "")]),
            Gauge("installed_since_timestamp_seconds", "Since when it is.", seconds(installed?.since)),
            Gauge("last_run_timestamp_seconds", "When the agent looked last.", seconds(status.lastRun)),
            Gauge(
                "last_success_timestamp_seconds", "When it looked last and nothing went wrong.",
                seconds(status.lastSuccess)),
            Gauge("update_available", "Whether a newer release is offered.", number(status.available != nil)),
            Gauge(
                "update_info", "The newer release that is offered.",
                [
                    ("version", status.available.map { "\($0.version)" } ?? ""),
                    ("severity", status.available.map { "\($0.severity)" } ?? ""),
                ], status.available != nil),
            Gauge(
                "waiting", "Whether it waits, and for what.", [("reason", status.held?.waiting.reason.rawValue ?? "")],
                status.held != nil),
            Gauge(
                "left_info", "A newer release that was taken back, or left, and is not tried again by itself.",
                [("version", status.left.map { "\($0.version)" } ?? "")], status.left != nil),
            Gauge("held", "Whether updates are on hold.", number(status.hold?.counts(at: now) == true)),
            Gauge("under_way", "Whether an update or revert has begun and not ended.", number(status.underWay != nil)),
            Gauge(
                "healthy", "Whether the last update or revert ended well.",
                last.map { number($0.event != .failed && $0.reason == nil) }),
            Gauge(
                "installed_withdrawn", "Whether the installed release was withdrawn.",
                number(status.withdrawn.contains { $0.version == installed?.version })),
            Gauge(
                "metadata_expires_timestamp_seconds", "When the first part of the trusted metadata expires.",
                seconds(status.metadata?.expires)),
            Gauge("log_size", "Entries of the transparency log that were read.", status.log?.size),
            Gauge(
                "log_cosigned_timestamp_seconds", "When enough witnesses saw the log last.",
                seconds(status.log?.lastCosigned)),
            Gauge("fork_evidence", "Files that show a log that contradicted itself.", status.forkEvidence.count),
            Gauge(
                "mirrors_aside", "Mirrors that gave something wrong and are passed over for a while.",
                status.mirrorsAside.count),
            Gauge("notices_undelivered", "Notices that could not be delivered yet.", status.undelivered),
            Gauge(
                "last_error", "The code of what went wrong last and still stands.",
                [("code", status.lastError?.code ?? "")], status.lastError != nil),
        ]
    }

    private static func number(_ flag: Bool) -> Int { flag ? 1 : 0 }

    private static func seconds(_ date: Date?) -> Int? {
        date.flatMap { Int(exactly: $0.timeIntervalSince1970.rounded(.down)) }
    }

    /// Scalar by scalar: to `String`, a quotation mark with an accent on it is another character.
    static func escaped(_ value: String) -> String {
        value.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(scalar)
            }
        }.joined()
    }
}
