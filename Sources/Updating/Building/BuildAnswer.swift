import CanonicalJSON
import Primitives

/// What a building process says at its end: a line among others that libraries may print. Whatever is in it is believed as
/// little as the tree.
struct BuildAnswer: Hashable, Sendable {
    /// What its sandbox cannot do on this machine.
    var gaps: [String] = []
    /// Nil: the tree stands there.
    var fault: WorkerFault?

    private static let mark = Array("sceau-build ".utf8)
    private static let limit = 32 << 10
    private static let longestText = 2000
    private static let mostGaps = 32

    var line: String {
        var object: JSONObject = ["gaps": .array(gaps.prefix(Self.mostGaps).map { .string(Self.text($0)) })]
        if let fault {
            object["fault"] = [
                "code": .string(Self.text(fault.codeText)), "family": .string(ByteString(fault.family.rawValue)),
                "message": .string(Self.text(fault.message)),
            ]
        }
        return String(decoding: Self.mark + JSONValue.object(object).lineEncoding, as: UTF8.self)
    }

    private static func text(_ text: String) -> ByteString { ByteString(String(text.prefix(longestText / 4))) }

    /// The last answer in `output`; nil when there is none.
    init?(in output: [UInt8]) {
        let lines = output.split(separator: UInt8(ascii: "\n")).filter { $0.starts(with: Self.mark) }
        guard let line = lines.last?.dropFirst(Self.mark.count),
            let value = try? JSONValue.decode(Array(line), limits: JSONLimits(bytes: Self.limit, depth: 4)),
            let answer = try? BuildAnswer(JSONReader(value, at: "build answer"))
        else { return nil }
        self = answer
    }

    init(gaps: [String] = [], fault: WorkerFault? = nil) {
        (self.gaps, self.fault) = (gaps, fault)
    }

    private init(_ reader: JSONReader) throws {
        gaps = try reader.field("gaps").array().map { try $0.string().description.escapingUnprintable() }
        fault = try reader.optionalField("fault").map { try WorkerFault($0) }
    }
}

/// A fault in another process, as that process told it.
struct WorkerFault: ReportableFault, Hashable {
    let codeText: String
    let family: FaultFamily
    let message: String
    var hint: String? { nil }

    init(_ fault: any ReportableFault) {
        (codeText, family, message) = (fault.codeText, fault.family, fault.message)
    }

    fileprivate init(_ reader: JSONReader) throws {
        codeText = try reader.field("code").string().description
        guard let family = FaultFamily(rawValue: try reader.field("family").string().description),
            !codeText.isEmpty, codeText.utf8.allSatisfy(Self.isOfCode)
        else { throw AgentFault(.buildFailed, found: "an answer that is none") }
        self.family = family
        message = try reader.field("message").string().description.escapingUnprintable()
    }

    private static func isOfCode(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
