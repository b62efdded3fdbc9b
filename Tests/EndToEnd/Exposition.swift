import Foundation
internal import Glibc
import Testing

/// What a scrape brings: Prometheus' text format 0.0.4, read as strictly as its description has it.
struct Exposition {
    struct Malformed: Error {
        let line: String
    }

    /// By name and labels.
    private(set) var values: [String: Double] = [:]

    init(scraping place: RunningDaemon.Metrics?) throws {
        let place = try #require(place)
        let scraped = try Tool.system("curl").run(["--silent", "--fail", "--include", place.url])
        try #require(scraped.status == 0, "\(place.url): curl ended with \(scraped.status)")
        let parts = scraped.output.components(separatedBy: "\r\n\r\n")
        #expect(parts.first?.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8") == true)
        try self.init(parts.dropFirst().joined(separator: "\r\n\r\n"))
    }

    /// Throws at the first line that a scraper may refuse, and where a name is described after its values or twice.
    init(_ text: String) throws {
        try #require(text.hasSuffix("\n"))
        var (helped, typed, finished): (Set<Substring>, Set<Substring>, Set<Substring>) = ([], [], [])
        var current: Substring?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\]|\\\\|\\n)*/) {
                if let current { finished.insert(current) }
                guard helped.insert(match.1).inserted else { throw Malformed(line: String(line)) }
                current = match.1
            } else if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) gauge/) {
                guard match.1 == current, typed.insert(match.1).inserted else { throw Malformed(line: String(line)) }
            } else if let match = line.wholeMatch(
                of:
                    /(([a-zA-Z_:][a-zA-Z0-9_:]*)\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,(?!\})|(?=\})))*\}) (-?[0-9]+)/
            ) {
                guard match.2 == current, typed.contains(match.2), !finished.contains(match.2),
                    values.updateValue(Double(match.3) ?? .nan, forKey: String(match.1)) == nil
                else { throw Malformed(line: String(line)) }
            } else {
                throw Malformed(line: String(line))
            }
        }
        #expect(helped == typed)
    }
}

extension RunningDaemon {
    /// A place where it said that it answers.
    struct Metrics {
        let url: String
        /// With the port.
        let host: String
    }

    /// All of them, in order.
    func metrics() throws -> [Metrics] {
        try log().matches(of: /sceau-agent: metrics on (http:\/\/(\S+)\/metrics)/).map {
            Metrics(url: String($0.1), host: String($0.2))
        }
    }
}

/// A port of the loopback that is taken until it is released.
final class TakenPort {
    let port: Int
    private var descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(outcome)
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    deinit { release() }
}

extension [UInt8] {
    var string: String { String(decoding: self, as: UTF8.self) }
}
