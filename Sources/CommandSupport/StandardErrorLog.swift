import Logging
import Primitives

/// Log lines on standard error: `NAME: level: message key=value …`. A service manager adds the time.
package struct StandardErrorLog: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let name: String

    package init(name: String, level: Logger.Level = .info) {
        self.name = name
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        // A log line that cannot be written has nowhere else to go.
        try? StandardError.print(line(for: event))
    }

    func line(for event: LogEvent) -> String {
        let provided = metadataProvider?.get() ?? [:]
        let all = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        return "\(name): \(event.level.rawValue): \(event.message)\(pairs.joined())".escapingUnprintable()
    }
}

extension Tool {
    /// A logger that writes to standard error. No global logging system is set up.
    package func logger(level: Logger.Level = .info) -> Logger {
        Logger(label: name) { _ in StandardErrorLog(name: name, level: level) }
    }
}
