Attribute VB_Name = "NbPost"
' The only module that is bound to Windows: it sends a request and takes the answer.
Option Explicit

' The answer's text; `status` is that of HTTP, 0 when no answer came.
Public Function PostJson(ByVal url As String, ByVal token As String, ByVal body As String, status As Long) As String
    Dim request As Object, data() As Byte
    status = 0
    On Error GoTo NoAnswer
    Set request = CreateObject("WinHttp.WinHttpRequest.5.1")
    request.Open "POST", url, False
    request.SetTimeouts 5000, 5000, 60000, 120000
    request.SetRequestHeader "Content-Type", "application/json; charset=utf-8"
    If token <> "" Then request.SetRequestHeader "Authorization", "Bearer " & token
    request.Send body
    status = request.Status
    data = request.ResponseBody
    PostJson = TextFromUtf8(data)
    Exit Function
NoAnswer:
    If status = 0 Then PostJson = Err.Description
End Function
