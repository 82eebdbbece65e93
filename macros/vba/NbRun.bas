Attribute VB_Name = "NbRun"
' A button from the press to the words at the end. Nothing here shows a window.
Option Explicit

' Presses a button; the words for the user. It never fails: trouble is words as well.
Public Function RunButton(ByVal button As String, ByVal lastYear As String) As String
    Dim book As Object, answer As String, status As Long
    On Error GoTo Failed
    Set book = TargetBook()
    Application.StatusBar = "正在处理，请稍候……"
    answer = PostJson(ServerAddress() & "/api/v1/addin/" & button, ServerToken(), _
        RequestJson(book, NeedsSheets(button), lastYear), status)
    RunButton = UseAnswer(book, answer, status)
Done:
    RestoreScreen
    Exit Function
Failed:
    RunButton = "没有完成：" & Err.Description & "。"
    Resume Done
End Function

Private Function TargetBook() As Object
    If Application.Workbooks.Count = 0 Then Refuse "没有打开的工作簿。请先打开填报工作簿"
    If ActiveWorkbook Is Nothing Then Refuse "没有打开的工作簿。请先打开填报工作簿"
    Set TargetBook = ActiveWorkbook
End Function

' These two only open the page of the service.
Private Function NeedsSheets(ByVal button As String) As Boolean
    NeedsSheets = button <> "batch" And button <> "merge"
End Function

Private Sub RestoreScreen()
    On Error Resume Next
    Application.ScreenUpdating = True
    Application.EnableEvents = True
    Application.StatusBar = False
End Sub

' Applies what the service answered; the words for the user.
Public Function UseAnswer(ByVal book As Object, ByVal answer As String, ByVal status As Long) As String
    Dim root As Collection
    If status = 0 Then
        UseAnswer = "无法连接年报服务（" & ServerAddress() & "）：" & answer & vbLf & _
            "请确认服务已经启动，或者在“设置”中更正地址。不用加载项也可以报送：工作簿中的“校验”表随填随算。"
        Exit Function
    End If
    If Left(LTrim(answer), 1) <> "{" Then
        UseAnswer = "年报服务的答复无法识别（HTTP " & status & "）。请核对“设置”中的地址。"
        Exit Function
    End If
    Set root = JsonParse(answer, "report")
    If status <> 200 Then
        UseAnswer = TextOf(root, "message") & "（" & TextOf(root, "code") & "）"
        Exit Function
    End If
    Application.ScreenUpdating = False
    Application.EnableEvents = False
    UseAnswer = JoinWords(TextOf(root, "say"), ApplyActions(book, root.Item("actions")))
End Function

' What the service says comes first, and once.
Private Function JoinWords(ByVal say As String, ByVal alerts As String) As String
    JoinWords = alerts
    If say = "" Or InStr(alerts, say) > 0 Then Exit Function
    JoinWords = say
    If alerts <> "" Then JoinWords = say & vbLf & alerts
End Function

' ---------------------------------------------------------------- for tests: text in, text out
Public Function TestRequest() As String
    On Error GoTo Failed
    TestRequest = RequestJson(TargetBook(), True, "")
    Exit Function
Failed:
    TestRequest = "ERR " & Err.Number & " " & Err.Description
End Function

Public Function TestUse(ByVal answer As String, ByVal status As String) As String
    On Error GoTo Failed
    TestUse = UseAnswer(TargetBook(), answer, CLng(status))
    RestoreScreen
    Exit Function
Failed:
    TestUse = "ERR " & Err.Number & " " & Err.Description
    RestoreScreen
End Function

Public Function TestSave(ByVal path As String, ByVal text As String) As String
    On Error GoTo Failed
    SaveBase64 path, text
    TestSave = "ok"
    Exit Function
Failed:
    TestSave = "ERR " & Err.Number & " " & Err.Description
End Function
