import CanonicalJSON
import Primitives
import SystemPackage
import Transport

/// How the process that asks servers reaches them: a `TransportConfiguration` as text. It knows no mirror before it is asked for
/// something there.
enum AskOrder {
    static func encode(_ configuration: TransportConfiguration) -> [UInt8] {
        let limits = configuration.limits
        var object: JSONObject = [
            "pins": .array(configuration.pinnedKeys.map { .string(ByteString($0)) }),
            "connect_ms": .integer(limits.connect.wholeMilliseconds),
            "fetch_ms": .integer(limits.fetch.wholeMilliseconds),
            "download_ms": .integer(limits.download.wholeMilliseconds),
            "slow_for_ms": .integer(limits.slowFor.wholeMilliseconds),
            "slowest_average": .integer(Int64(limits.slowestAverage)),
            "slowest_rate": .integer(Int64(limits.slowestRate)), "headers": .integer(Int64(limits.headers)),
            "redirects": .integer(Int64(limits.redirects)),
        ]
        if let proxy = configuration.proxy { object["proxy"] = .string(ByteString(proxy)) }
        if let file = configuration.authorities { object["ca_file"] = .string(ByteString(file.string)) }
        if let bandwidth = limits.bandwidth { object["bandwidth"] = .integer(Int64(bandwidth)) }
        return JSONValue.object(object).lineEncoding
    }

    static func decode(_ bytes: [UInt8]) throws -> TransportConfiguration {
        let value = try JSONValue.decode(bytes, limits: JSONLimits(bytes: AskFrame.Kind.order.limit, depth: 3))
        let reader = JSONReader(value, at: "order")
        func number(_ name: ByteString) throws -> Int { try reader.field(name).integer(in: 0...Int64.max) }
        func text(_ name: ByteString) throws -> String? { try reader.optionalField(name)?.string().description }
        var limits = TransportLimits()
        limits.connect = .milliseconds(try number("connect_ms"))
        limits.fetch = .milliseconds(try number("fetch_ms"))
        limits.download = .milliseconds(try number("download_ms"))
        limits.slowFor = .milliseconds(try number("slow_for_ms"))
        limits.slowestAverage = try number("slowest_average")
        limits.slowestRate = try number("slowest_rate")
        limits.headers = try number("headers")
        limits.redirects = try number("redirects")
        limits.bandwidth = try reader.optionalField("bandwidth")?.integer(in: 0...Int64.max)
        return TransportConfiguration(
            proxy: try text("proxy"), authorities: try text("ca_file").map { FilePath($0) },
            pinnedKeys: try reader.field("pins").array().map { try $0.string().description }, limits: limits)
    }
}

extension Duration {
    /// At least 0.
    fileprivate var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, 0), 1 << 40) * 1000 + max(attoseconds, 0) / 1_000_000_000_000_000
    }
}

/// What the sandbox of that process cannot do on this machine, as text.
enum AskGaps {
    private static let most = 32
    private static let longest = 500

    static func encode(_ gaps: [String]) -> [UInt8] {
        JSONValue.array(gaps.prefix(most).map { .string(ByteString(String($0.prefix(longest)))) }).lineEncoding
    }

    /// Nil when it is no such text. Whatever is in it is believed as little as the rest.
    static func decode(_ bytes: [UInt8]) -> [String]? {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: AskFrame.Kind.ready.limit, depth: 2)),
            let texts = try? JSONReader(value, at: "gaps").array().map({ try $0.string().description })
        else { return nil }
        return texts.prefix(most).map { String($0.prefix(longest)) }
    }
}
