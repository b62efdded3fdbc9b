import CanonicalJSON
import Primitives
import Transport

/// A fault of a request as text, so that it means to the agent what it would if it had asked itself.
enum AskFault {
    static func encode(_ fault: any ReportableFault) -> [UInt8] {
        var object: JSONObject = ["code": .string(ByteString(fault.codeText))]
        let location = (fault as? TransportFault)?.location
        for (name, text) in [("found", fault.found), ("expected", fault.expected), ("at", location)] {
            if let text { object[ByteString(name)] = .string(ByteString(text)) }
        }
        return JSONValue.object(object).lineEncoding
    }

    /// Nil when it is no fault that asking a server can end in. What is the fault of this machine, or of its configuration, is not
    /// for that process to say: the agent would ask no other mirror then.
    static func decode(_ bytes: [UInt8]) -> TransportFault? {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: AskFrame.Kind.fault.limit, depth: 2)),
            let fault = try? read(JSONReader(value, at: "fault"))
        else { return nil }
        switch fault.code {
        case .connectFailed, .timedOut, .tlsFailed, .otherKey, .onionWithoutTor, .httpStatus, .redirected, .truncated,
            .malformed, .tooLong, .unexpectedRange:
            return fault
        case .unavailable: return TransportFault(.workerEnded, found: fault.message)
        // What only libcurl sees in an address is no lie of the process that asks.
        case .invalidURL: return TransportFault(.malformed, found: fault.found, at: fault.location)
        case .invalidProxy, .invalidPin, .unsafePath, .stopped, .workerEnded, .workerAnswer: return nil
        }
    }

    private static func read(_ reader: JSONReader) throws -> TransportFault {
        func text(_ name: ByteString) throws -> String? { try reader.optionalField(name)?.string().description }
        guard let code = TransportFaultCode(rawValue: try reader.field("code").string().description) else {
            throw reader.invalid(expected: "a code")
        }
        return TransportFault(code, found: try text("found"), expected: try text("expected"), at: try text("at"))
    }
}
