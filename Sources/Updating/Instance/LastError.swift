import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives

/// How the last run that had to give up did: `last-error.json`, gone after one like it that did not.
package struct LastError: Hashable, Sendable {
    package let time: Date
    let operation: AgentOperation
    package let code: String
    package let message: String

    init(_ fault: any ReportableFault, in operation: AgentOperation, at time: Date) {
        (self.time, self.operation) = (time, operation)
        code = fault.codeText
        message = String(fault.message.prefix(Self.longestMessage))
    }

    package var json: JSONObject {
        [
            "time": .string(ByteString(UTCTime.encode(time))), "code": .string(ByteString(code)),
            "message": .string(ByteString(message)), "operation": .string(ByteString(operation.rawValue)),
        ]
    }

    /// Nil for text that is no such record.
    init?(decoding bytes: [UInt8]) {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: Self.limit, depth: 4)),
            let error = try? LastError(JSONReader(value, at: "last-error.json"))
        else { return nil }
        self = error
    }

    private init?(_ reader: JSONReader) throws {
        guard let time = UTCTime.decode(try reader.field("time").string()),
            let operation = AgentOperation(rawValue: try reader.field("operation").string().description)
        else { return nil }
        (self.time, self.operation) = (time, operation)
        code = try reader.field("code").string().description
        message = try reader.field("message").string().description
    }

    static let limit = 64 << 10
    /// Characters: as JSON they fit, whatever they are.
    private static let longestMessage = 4000
}

extension Instance {
    func lastError() throws -> LastError? {
        try readOwn(folders.lastError, limit: LastError.limit).flatMap(LastError.init(decoding:))
    }

    /// Only an update or a revert mends what went wrong in one: after all else it still stands.
    func clearLastError(after operation: AgentOperation) throws {
        if try !covers(operation) { try setLastError(nil) }
    }

    func keepLastError(_ error: LastError, of operation: AgentOperation) throws {
        if try !covers(operation) { try setLastError(error) }
    }

    /// Whether what is kept is not for `operation` to replace.
    private func covers(_ operation: AgentOperation) throws -> Bool {
        guard operation != .update, operation != .revert, let error = try lastError() else { return false }
        return error.operation != operation
    }

    func setLastError(_ error: LastError?) throws {
        guard let error else { return try storage.remove(folders.lastError) }
        try storage.write(JSONValue.object(error.json).fileEncoding, to: folders.lastError)
    }
}
