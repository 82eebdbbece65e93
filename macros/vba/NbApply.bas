Attribute VB_Name = "NbApply"
' Carries out the actions of an answer, in their order.
Option Explicit

Private mAlerts As String
Private mUnpainted As Boolean

' Applies every action; what the user is to be told.
Public Function ApplyActions(ByVal book As Object, ByVal actions As Collection) As String
    Dim action As Variant, number As Long, reason As String
    mAlerts = ""
    mUnpainted = False
    On Error GoTo Failed
    For Each action In actions
        number = number + 1
        ApplyAction book, action
    Next
    If mUnpainted Then AddAlert "本程序不能标红单元格，请以“待办”中的位置为准。"
    ApplyActions = mAlerts
    Exit Function
Failed:
    reason = Err.Description
    reason = "第 " & number & " 步“" & NameOf(actions.Item(number)) & "”没有完成：" & reason
    ProtectAgain book, actions, number
    Refuse reason
End Function

Private Function NameOf(ByVal action As Variant) As String
    If IsObject(action) Then NameOf = TextOf(action, "func")
End Function

' After a failure nothing stays open that the rest of the actions would have locked.
Private Sub ProtectAgain(ByVal book As Object, ByVal actions As Collection, ByVal done As Long)
    Dim i As Long
    On Error Resume Next
    For i = done + 1 To actions.Count
        If Left(NameOf(actions(i)), 7) = "protect" Then ApplyAction book, actions(i)
    Next
End Sub

Private Sub ApplyAction(ByVal book As Object, ByVal action As Collection)
    Dim func As String
    func = TextOf(action, "func")
    Select Case func
    Case "unprotectBook", "protectBook", "addSheet", "setName"
        ChangeBook book, action, func
    Case "setSheetVisible", "unprotectSheet", "protectSheet", "activateSheet"
        ChangeSheet SheetOf(book, action), action, func
    Case "setValues", "setFormulas"
        WriteCells SheetOf(book, action), action, func = "setFormulas"
    Case "clearContents", "setColumnWidth", "setWrap", "setFill", "setBold", "addConditionalFormat", "selectRange"
        ChangeArea AreaOf(book, action), action, func
    Case "alert", "saveFile", "openUrl"
        TellUser action, func
    Case Else
        Refuse "本加载项不认识这项操作，可能版本过低，请更新加载项"
    End Select
End Sub

Private Function Argument(ByVal action As Collection, ByVal number As Long) As Variant
    Dim args As Collection
    Set args = action.Item("args")
    If number <= args.Count Then Argument = args.Item(number)
End Function

Private Function SheetOf(ByVal book As Object, ByVal action As Collection) As Object
    Dim found As Object
    Set found = FindSheet(book, TextOf(action, "sheet"))
    If found Is Nothing Then Refuse "没有工作表“" & TextOf(action, "sheet") & "”"
    Set SheetOf = found
End Function

Private Function AreaOf(ByVal book As Object, ByVal action As Collection) As Object
    Dim sheet As Object, top As Long, leftmost As Long
    Set sheet = SheetOf(book, action)
    top = PlaceOf(action, "row")
    leftmost = PlaceOf(action, "column")
    Set AreaOf = sheet.Range(sheet.Cells(top, leftmost), _
        sheet.Cells(top + PlaceOf(action, "rows") - 1, leftmost + PlaceOf(action, "columns") - 1))
End Function

' A row, a column or how many of them; 1 where the action does not say.
Private Function PlaceOf(ByVal action As Collection, ByVal key As String) As Long
    PlaceOf = Val(TextOf(action, key))
    If PlaceOf < 1 Then PlaceOf = 1
End Function

' ---------------------------------------------------------------- the book
Private Sub ChangeBook(ByVal book As Object, ByVal action As Collection, ByVal func As String)
    Select Case func
    Case "unprotectBook": UnlockBook book
    Case "protectBook": LockBook book
    Case "addSheet": AddSheet book, CStr(Argument(action, 1)), CStr(Argument(action, 2))
    Case "setName": book.Names.Add CStr(Argument(action, 1)), CStr(Argument(action, 2))
    End Select
End Sub

' With an empty password nothing is asked: a book that has one refuses, and the user is told.
Private Sub UnlockBook(ByVal book As Object)
    If book.ProtectStructure Then book.Unprotect ""
End Sub

Private Sub LockBook(ByVal book As Object)
    If Not book.ProtectStructure Then book.Protect "", True
End Sub

Private Sub AddSheet(ByVal book As Object, ByVal name As String, ByVal before As String)
    Dim made As Object, beside As Object
    If Not FindSheet(book, name) Is Nothing Then Exit Sub
    Set beside = FindSheet(book, before)
    If beside Is Nothing Then
        Set made = book.Worksheets.Add(, book.Worksheets(book.Worksheets.Count))
    Else
        Set made = book.Worksheets.Add(beside)
    End If
    made.Name = name
End Sub

' ---------------------------------------------------------------- a sheet
Private Sub ChangeSheet(ByVal sheet As Object, ByVal action As Collection, ByVal func As String)
    Select Case func
    Case "setSheetVisible": sheet.Visible = IIf(Argument(action, 1), -1, 0)
    Case "unprotectSheet": If sheet.ProtectContents Then sheet.Unprotect ""
    Case "protectSheet": If Not sheet.ProtectContents Then LockSheet sheet
    Case "activateSheet": sheet.Activate
    End Select
End Sub

' Columns and rows may be resized and filters used; comments and drawings stay free.
Private Sub LockSheet(ByVal sheet As Object)
    sheet.Protect "", False, True, False, False, False, True, True, False, False, False, False, False, False, True, False
End Sub

' ---------------------------------------------------------------- cells
Private Sub WriteCells(ByVal sheet As Object, ByVal action As Collection, ByVal formulas As Boolean)
    Dim rows As Collection, row As Collection, r As Long, c As Long, top As Long, leftmost As Long
    Set rows = action.Item("values")
    top = PlaceOf(action, "row")
    leftmost = PlaceOf(action, "column")
    For r = 1 To rows.Count
        Set row = rows.Item(r)
        For c = 1 To row.Count
            If formulas Then
                WriteFormula sheet.Cells(top + r - 1, leftmost + c - 1), row.Item(c)
            Else
                WriteValue sheet.Cells(top + r - 1, leftmost + c - 1), row.Item(c)
            End If
        Next
    Next
End Sub

Private Sub WriteFormula(ByVal cell As Object, ByVal formula As Variant)
    If Left(formula, 1) = "=" Then cell.Formula = formula
End Sub

' The apostrophe keeps a text a text: no formula, no number, no date, whatever it looks like.
Private Sub WriteValue(ByVal cell As Object, ByVal value As Variant)
    Select Case VarType(value)
    Case vbString
        If value = "" Then cell.Value = Empty Else cell.Value = "'" & value
    Case Else
        cell.Value = value
    End Select
End Sub

Private Sub ChangeArea(ByVal area As Object, ByVal action As Collection, ByVal func As String)
    Select Case func
    Case "clearContents": area.ClearContents
    Case "setColumnWidth": area.ColumnWidth = Argument(action, 1)
    Case "setWrap": area.WrapText = Argument(action, 1)
    Case "setBold": area.Font.Bold = Argument(action, 1)
    Case "setFill": FillArea area, CStr(Argument(action, 1))
    Case "addConditionalFormat": PaintWhen area, CStr(Argument(action, 1)), ColourOf(CStr(Argument(action, 2)))
    Case "selectRange"
        area.Worksheet.Activate
        area.Select
    End Select
End Sub

Private Sub FillArea(ByVal area As Object, ByVal colour As String)
    If colour = "" Then
        area.Interior.ColorIndex = -4142
    Else
        area.Interior.Color = ColourOf(colour)
    End If
End Sub

Private Function ColourOf(ByVal colour As String) As Long
    ColourOf = RGB(CLng("&H" & Mid(colour, 2, 2)), CLng("&H" & Mid(colour, 4, 2)), CLng("&H" & Mid(colour, 6, 2)))
End Function

' One condition for each formula: a second area is added to the first. The list of what is wrong
' stands without it, so a program that lacks conditional formats here goes on and says so.
Private Sub PaintWhen(ByVal area As Object, ByVal formula As String, ByVal colour As Long)
    Dim found As Object
    On Error GoTo NotPainted
    If Left(formula, 1) <> "=" Then formula = "=" & formula
    Set found = FindCondition(area.Worksheet.Cells, formula)
    If found Is Nothing Then
        Set found = area.FormatConditions.Add(2, , formula)
        found.SetFirstPriority
    Else
        found.ModifyAppliesToRange Application.Union(found.AppliesTo, area)
    End If
    found.Interior.Color = colour
    Exit Sub
NotPainted:
    mUnpainted = True
End Sub

Private Function FindCondition(ByVal cells As Object, ByVal formula As String) As Object
    Dim i As Long
    For i = 1 To cells.FormatConditions.Count
        If ConditionFormula(cells.FormatConditions(i)) = formula Then
            Set FindCondition = cells.FormatConditions(i)
            Exit Function
        End If
    Next
End Function

' Colour scales and the like have no formula.
Private Function ConditionFormula(ByVal condition As Object) As String
    On Error GoTo NoFormula
    ConditionFormula = condition.Formula1
NoFormula:
End Function

' ---------------------------------------------------------------- the user
Private Sub TellUser(ByVal action As Collection, ByVal func As String)
    Dim path As String
    Select Case func
    Case "alert"
        AddAlert CStr(Argument(action, 1))
    Case "saveFile"
        path = AskSavePath(CStr(Argument(action, 1)))
        If path <> "" Then SaveBase64 path, CStr(Argument(action, 2))
    Case "openUrl"
        OpenWebPage CStr(Argument(action, 1))
    End Select
End Sub

Private Sub AddAlert(ByVal words As String)
    If mAlerts <> "" Then mAlerts = mAlerts & vbLf
    mAlerts = mAlerts & words
End Sub

Private Sub OpenWebPage(ByVal url As String)
    ThisWorkbook.FollowHyperlink PageAddress(url)
End Sub

' A page of the service itself comes without the address of the service.
Public Function PageAddress(ByVal url As String) As String
    If Left(url, 1) = "/" And Left(url, 2) <> "//" Then url = ServerAddress() & url
    If Not IsWebAddress(url) Then Refuse "不是网页地址"
    PageAddress = url
End Function
